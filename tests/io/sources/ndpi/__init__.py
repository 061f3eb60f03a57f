"""Tests of the NDPI reader."""
