"""Tests of pipeline.io.reports."""
