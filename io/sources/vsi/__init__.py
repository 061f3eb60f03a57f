"""Olympus (Evident) cellSens VSI: a TIFF with a tree of tags, and the pixels in ETS files of a folder beside it."""
