"""Tests of pipeline.io.estimates."""
