"""Engines that run the graph: Beam's, and what Beam's lack."""
