"""Tests of what lies in pipeline/ itself."""
