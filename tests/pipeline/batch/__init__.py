"""Tests of the batch converter."""
