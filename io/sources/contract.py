"""What every reader of slides gives.

A source describes itself from its headers, gives compressed tiles where the format lets it, and pixels always. All
read calls are thread-safe and none keeps more than it was asked for.

A plane of an image is one optical path in one focal plane; `plane` counts as `SourceImage` says: optical path times
`focal_planes` plus focal plane. Tile numbers begin at 0 in each plane.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.model.colour_choice import Background
from pipeline.model.errors import SourceError
from pipeline.model.source import SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class SlideSource(ABC):
    """An open slide. Errors of all calls are SourceError, or TileError where one tile is at fault."""

    uri: str

    @abstractmethod
    def describe(self) -> SlideDescription:
        """Return all that the headers tell. Read once, then kept."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hex digest of size, header, tile index and samples of the bytes."""

    @abstractmethod
    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of each tile of a plane, 0 for a missing one; None: there are pixels only."""

    def stored_tiles(self, image: int, plane: int = 0) -> NDArray[np.bool_] | None:
        """Return which tiles of a plane the slide holds; None: that is not known before they are read."""
        lengths = self.tile_lengths(image, plane)
        return None if lengths is None else lengths > 0

    @abstractmethod
    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Decide on and decode the image's compressed tiles; None where there are none to be had."""

    @abstractmethod
    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles in frame order, as stored; an empty one is missing."""

    @abstractmethod
    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles of the stored grid, (tile rows, tile columns, samples); None where one is missing."""

    @abstractmethod
    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Return a rectangle inside the image, (rows, columns, samples); missing tiles have the background colour."""

    @abstractmethod
    def close(self) -> None:
        """Give back file handles. Later reads fail."""

    def __enter__(self) -> "SlideSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PixelsOnly(SlideSource):
    """A source whose images have no compressed tiles that could be asked for."""

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """None: there are pixels only."""
        return None

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """None: there are pixels only."""
        return None

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Never asked for: no image has lossless frames."""
        raise SourceError(f"{self.uri}: its reader gives no compressed tiles", uri=self.uri)


class ComposedSource(SlideSource):
    """A source that puts pixels together over a background, so that nobody else can tell what was not scanned."""

    @abstractmethod
    def paint_background(self, background: Background) -> None:
        """Take the colour of what was not scanned in the levels, before the first read.

        Raises ConfigError for a colour that they cannot have.
        """
