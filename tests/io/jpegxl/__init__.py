"""Tests of pipeline.io.jpegxl."""
