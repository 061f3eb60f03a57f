"""Open a slide as the configuration wants to see it."""

from pipeline.io.deidentification.source import DeidentifiedSource
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.config import ConversionConfig


def open_slide(uri: str, config: ConversionConfig) -> SlideSource:
    """Open a slide, without what identifies where the configuration says so; raises SourceError."""
    source = open_source(uri)
    if config.deidentify is None:
        return source
    try:
        return DeidentifiedSource(source, config.deidentify)
    except BaseException:
        source.close()
        raise
