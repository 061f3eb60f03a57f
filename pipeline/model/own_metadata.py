"""A configuration as it is for one slide: what its row of a manifest says comes before what was given to all."""

from dataclasses import replace

from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import parse_metadata
from pipeline.model.metadata_merge import later_wins


def with_own_metadata(config: ConversionConfig, slide: SlideInput) -> ConversionConfig:
    """Return the configuration with the slide's own metadata. Raises ConfigError where they are damaged."""
    if not slide.metadata:
        return config
    own = parse_metadata(slide.metadata, f"the metadata of {slide.slide_id}")
    return replace(config, metadata=later_wins([config.metadata, own]))
