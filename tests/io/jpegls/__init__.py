"""Tests of pipeline.io.jpegls."""
