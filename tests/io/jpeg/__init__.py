"""Tests of pipeline.io.jpeg."""
