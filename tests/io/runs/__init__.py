"""Tests of what happens to a run of frames."""
