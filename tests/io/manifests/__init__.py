"""Tests of manifests: formats, documents, places and joins."""
