"""Levels that the slide does not have, averaged from one that it has, row of tiles by row of tiles."""
