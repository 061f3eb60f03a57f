"""Pyramidal TIFF: what it can hold of a slide, its tiles, its directories, and the joining of both to a file."""
