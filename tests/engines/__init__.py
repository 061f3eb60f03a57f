"""The graph on engines of several processes: the same bytes, whatever dies meanwhile."""
