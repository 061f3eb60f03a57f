"""Tests of the whole graph, slides in and DICOM out."""
