"""Manifests: tables that name slides, and say whose they are."""
