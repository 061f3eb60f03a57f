"""Tests of pipeline.io.isolation."""
