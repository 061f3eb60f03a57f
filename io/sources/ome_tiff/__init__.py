"""OME-TIFF: TIFF directories that an OME-XML document in the first of them makes into images."""
