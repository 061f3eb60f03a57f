"""Tests of pipeline.io.codecs."""
