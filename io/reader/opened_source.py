"""One open reader that a slide, its images and their arrays share, and that opens again where it is unpickled.

Arrays outlive the slide that they came from, so whoever is left last closes the file. dask pickles arrays to name
them, and to send them to processes: a copy opens nothing before it is read.
"""

import threading
import weakref
from functools import cached_property
from typing import Any

from pipeline.io.dicom.icc import optical_path_profile
from pipeline.io.reader.colour import ColourTransform
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.registry import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import SlideDescription


class OpenedSource:
    """A source by the name it was opened with, scene included."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._source: SlideSource | None = None
        self._finalizer: weakref.finalize[..., OpenedSource] | None = None
        self._closed = False
        self._opening = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenedSource, (self.uri,)

    def get(self) -> SlideSource:
        """Return the source, opened now if it is not open yet. Raises SourceError, also once it was closed."""
        with self._opening:
            if self._closed:
                raise SourceError(f"{self.uri} was closed", uri=self.uri)
            if self._source is None:
                self._source = open_source(self.uri)
                self._finalizer = weakref.finalize(self, self._source.close)
            return self._source

    def describe(self) -> SlideDescription:
        """Return what the headers tell. Raises SourceError."""
        return self.get().describe()

    @cached_property
    def colour(self) -> ColourTransform | None:
        """The slide's ICC profile, as its conversion would store it; None where it has none that could be stored."""
        profile, origin, _ = optical_path_profile(self.describe().icc_profile)
        return ColourTransform(profile) if origin == "source" else None

    def close(self) -> None:
        """Close the source. Later reads fail."""
        with self._opening:
            self._closed = True
            if self._finalizer is not None:
                self._finalizer()
