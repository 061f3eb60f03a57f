"""DICOM as a source."""
