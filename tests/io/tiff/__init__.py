"""Tests of TIFF as it is written."""
