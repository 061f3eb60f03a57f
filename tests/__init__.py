"""Tests of slidebeam; the folders mirror the package's."""
