"""Tests of DICOM headers, offset tables and frame indices."""
