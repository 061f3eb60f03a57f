"""A slide whose missing tiles have the colour that the user chose, wherever a rectangle is put together from tiles."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.contract import ComposedSource, SlideSource
from pipeline.model.colour_choice import Background
from pipeline.model.source import ImageKind, SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class BackgroundSource(SlideSource):
    """A source around another, which it closes. Missing single tiles are whoever asks for them to fill."""

    def __init__(self, source: SlideSource, background: Background) -> None:
        """Take an open source that nothing was read of. Raises ConfigError for a colour that its levels cannot have."""
        if isinstance(source, ComposedSource):
            source.paint_background(background)
        self.uri = source.uri
        self._source = source
        self._background = background

    def describe(self) -> SlideDescription:
        """Return the source's description."""
        return self._source.describe()

    def fingerprint(self) -> str:
        """Return the source's fingerprint."""
        return self._source.fingerprint()

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of tiles."""
        return self._source.tile_lengths(image, plane)

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the image's codec."""
        return self._source.tile_codec(image, plane)

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles."""
        return self._source.read_tiles(image, first, count, plane)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles."""
        return self._source.read_pixels(image, first, count, plane)

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Return a rectangle; missing tiles of a level have the chosen colour.

        Raises ConfigError for a colour that the image cannot have.
        """
        region = self._source.read_region(image, x, y, columns, rows, plane)
        described = self._source.describe().images[image]
        lengths = self._source.tile_lengths(image, plane)
        if described.kind is not ImageKind.VOLUME or lengths is None:
            return region
        grid = described.grid
        wanted = self._background.samples(described.samples, described.bits_stored)
        across = range(x // grid.tile_columns, (x + columns - 1) // grid.tile_columns + 1)
        down = range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1)
        missing = [(row, column) for row in down for column in across if not lengths[row * grid.across + column]]
        if missing:
            region = region.copy()
        for row, column in missing:
            left, top = column * grid.tile_columns - x, row * grid.tile_rows - y
            region[max(0, top) : top + grid.tile_rows, max(0, left) : left + grid.tile_columns] = wanted
        return region

    def close(self) -> None:
        """Close the source."""
        self._source.close()
