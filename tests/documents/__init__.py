"""The documents, held to their word."""
