"""Tests of pipeline.io.jpeg2000."""
