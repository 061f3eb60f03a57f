"""VL Whole Slide Microscopy instances (PS3.3 A.32.8): header, frames' places, and the writing of both.

`dataset` assembles the data set from one file a group of modules; `header` makes the bytes in front of the first
frame and behind the last one; `frame_index` finds the frames of a finished file again.
"""
