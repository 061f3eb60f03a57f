"""DICOM VL Whole Slide Microscopy as a source: the files of a series, their frames, and what their headers say."""
