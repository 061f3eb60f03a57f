"""TIFF files as slide sources: one image directory, one file, and what is made of a set of directories."""
