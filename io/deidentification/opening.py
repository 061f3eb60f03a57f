"""Open a slide as the configuration wants to see it, or as the files that were made of it saw it.

The configuration's wishes are sources around the source, one around the other: another background, what a TIFF can
hold, nothing that identifies.
"""

from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from pipeline.io.deidentification.source import DeidentifiedSource
from pipeline.io.sources import SlideSource, open_source
from pipeline.io.sources.background import BackgroundSource
from pipeline.io.tiff.source import TiffReadySource
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify


def open_slide(uri: str, config: ConversionConfig) -> SlideSource:
    """Open a slide with the wishes of a configuration around it; the caller closes it. Raises SourceError."""
    source = open_source(uri)
    try:
        if config.background is not None:
            source = BackgroundSource(source, config.background)
        if config.profile.tiff is not None:
            source = TiffReadySource(source, config.profile.tiff)
        return source if config.deidentify is None else DeidentifiedSource(source, config.deidentify)
    except BaseException:
        source.close()
        raise


def open_as_written(uri: str, file: Path) -> SlideSource:
    """Open a slide to compare `file` with, which was made of it: without what identifies where the file says so.

    Raises SourceError for the slide. A file that cannot be read says nothing.
    """
    source = open_source(uri)
    try:
        header = pydicom.dcmread(file, specific_tags=["PatientIdentityRemoved"], stop_before_pixels=True)
        removed = header.get("PatientIdentityRemoved") == "YES"
    except (InvalidDicomError, OSError, ValueError, AttributeError, LookupError, NotImplementedError):
        removed = False
    try:
        return DeidentifiedSource(source, Deidentify()) if removed else source
    except BaseException:
        source.close()
        raise
