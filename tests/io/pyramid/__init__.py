"""Tests of averaged levels."""
