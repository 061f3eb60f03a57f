"""Tests of series that live on servers."""
