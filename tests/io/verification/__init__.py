"""Tests of verifying a series from its files."""
