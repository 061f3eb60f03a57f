"""Tests of the readers of slides."""
