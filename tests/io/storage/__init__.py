"""Tests of the output stores."""
