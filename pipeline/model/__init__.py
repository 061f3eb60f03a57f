"""Pure values: no input or output, no Beam, no codec.

Everything that crosses a stage of the graph is defined here, so that this folder can be read alone.
"""
