"""Whose a staging area is, and what becomes of it."""
