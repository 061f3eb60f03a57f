"""From an open slide and a configuration to a plan; headers and a sample of tiles are all that is read."""

from pipeline.io.planning.slide import plan_slide

__all__ = ["plan_slide"]
