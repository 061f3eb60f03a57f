"""Readers of slides: one contract, one file or folder a vendor."""

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.registry import open_source

__all__ = ["SlideSource", "open_source"]
