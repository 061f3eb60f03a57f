"""An open NDPI slide."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.canvas import paste
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.ndpi.file import NdpiFile
from pipeline.io.sources.ndpi.images import Image
from pipeline.model.source import SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class NdpiSource(SlideSource):
    """A slide whose images are read by one reader a focal plane."""

    def __init__(
        self,
        file: NdpiFile,
        images: Sequence[Sequence[Image]],
        description: SlideDescription,
        *,
        whole: Sequence[tuple[int, int]],
    ) -> None:
        """Take a list of readers for each image of the description.

        `whole` are the ranges of the file, offset and length, of which each byte counts in the fingerprint.
        """
        self.uri = file.uri
        self._file = file
        self._images = images
        self._description = description
        self._whole = whole

    def describe(self) -> SlideDescription:
        """Return what the tags say."""
        return self._description

    def fingerprint(self) -> str:
        """Return a digest of size, tags, samples of the levels, and all of the macro image."""
        return self._file.fingerprint(self._whole)

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the bytes that each frame will have; None where a level is no frame."""
        return self._images[image][plane].lengths if self._description.images[image].lossless_frames else None

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the codec of the image's frames."""
        return self._images[image][plane].codec

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return frames put together from the source's restart intervals, or the one JPEG as it is stored."""
        return self._images[image][plane].read_tiles(first, count)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded frames."""
        return [*self._images[image][plane].read_pixels(first, count)]

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Compose a rectangle from the frames that it touches, each decoded once."""
        reader = self._images[image][plane]
        grid = reader.grid
        region = np.empty((rows, columns, reader.samples), np.uint8)
        for down in range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1):
            for across in range(x // grid.tile_columns, (x + columns - 1) // grid.tile_columns + 1):
                (tile,) = reader.read_pixels(down * grid.across + across, 1)
                paste(region, tile, across * grid.tile_columns - x, down * grid.tile_rows - y)
        return region

    def close(self) -> None:
        """Close the file."""
        self._file.close()
