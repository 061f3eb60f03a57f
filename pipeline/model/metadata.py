"""Metadata of a slide: the way in for all who use it.

`GivenMetadata` is the user's word, `parse_metadata` reads it from JSON, `resolve_metadata` decides what is written,
`sample_metadata` shows how the JSON looks.
"""

from pipeline.model.metadata_file import parse_metadata
from pipeline.model.metadata_given import GivenMetadata
from pipeline.model.metadata_resolution import resolve_metadata
from pipeline.model.metadata_samples import Sample, sample_metadata
from pipeline.model.metadata_types import Code, Issuer
from pipeline.model.metadata_written import SlideMetadata

__all__ = [
    "Code",
    "GivenMetadata",
    "Issuer",
    "Sample",
    "SlideMetadata",
    "parse_metadata",
    "resolve_metadata",
    "sample_metadata",
]
