"""Tests of the reader of Olympus VSI."""
