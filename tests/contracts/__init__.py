"""Suites that every source, codec and store must pass."""
