"""Work in processes of its own: what native code does to its process, it does to none of ours.

A decoder in C may crash, abort, hang or take all memory, and no Python catches that. So a function that meets a
damaged slide can be called in a helper process, which is reused for the next call, and started anew after a crash or a
time-out. What happened becomes DecoderCrash or DecoderTimeout.
"""
