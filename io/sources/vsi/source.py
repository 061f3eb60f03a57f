"""A slide of a cellSens .vsi file: one ETS file, with the label and the overview that lie in others.

Each image of the kind that is meant for looking at is a slide of its own, as is each of its time points. JPEG and JPEG
2000 tiles are given as they are stored.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.canvas import paste
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.vsi.ets import EtsFile
from pipeline.io.sources.vsi.tile_index import TileIndex
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind, SlideDescription, SourceImage
from pipeline.model.tiles import Buffer, Pixels


@dataclass(frozen=True, slots=True)
class VsiImage:
    """One level, or label or overview: where its tiles are, a table for each plane."""

    file: FileBytes
    ets: EtsFile
    grid: TileGrid
    """Of the stored tiles."""
    planes: tuple[TileIndex, ...]
    codec: TileCodec


class VsiSource(SlideSource):
    """An open slide."""

    def __init__(
        self, uri: str, files: Sequence[FileBytes], images: Sequence[VsiImage], description: SlideDescription
    ) -> None:
        """Take all open files, the .vsi first, and an image for each of the description."""
        self.uri = uri
        self._files = files
        self._images = images
        self._description = description

    def describe(self) -> SlideDescription:
        """Levels of one ETS file, label and overview of others."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of headers and tables, blocks of all files, and all of label and overview."""
        digest = hashlib.blake2b(digest_size=16)
        for image, described in zip(self._images, self._description.images, strict=True):
            digest.update(image.ets.index)
            if described.kind is not ImageKind.VOLUME:
                for tile in image.planes[0].read(image.file, 0, image.grid.frames):
                    digest.update(tile)
        for file in self._files:
            hash_blocks(digest, file)
        return digest.hexdigest()

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of each tile, 0 for a missing one; None for label and overview."""
        return self._images[image].planes[plane].lengths if self._is_level(image) else None

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Codec of the ETS file; None for label and overview."""
        return self._images[image].codec if self._is_level(image) else None

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Tiles of a level as stored."""
        if not self._is_level(image):
            raise SourceError(f"{self.uri}: image {image} is given as pixels only", uri=self.uri)
        return self._images[image].planes[plane].read(self._images[image].file, first, count)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles decoded; label and overview whole."""
        if self._is_level(image):
            return self._decoded(image, first, count, plane)
        grid = self._images[image].grid
        return [self.read_region(image, 0, 0, grid.columns, grid.rows, plane)] * count

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Put a rectangle together of the tiles that it touches."""
        described = self._description.images[image]
        grid = self._images[image].grid
        region = self._canvas(described, columns, rows)
        first, last = x // grid.tile_columns, (x + columns - 1) // grid.tile_columns
        for down in range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1):
            tiles = self._decoded(image, down * grid.across + first, last - first + 1, plane)
            for across, tile in enumerate(tiles, start=first):
                if tile is not None:
                    paste(region, tile, across * grid.tile_columns - x, down * grid.tile_rows - y)
        return region

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def _is_level(self, image: int) -> bool:
        return self._description.images[image].level is not None

    def _decoded(self, image: int, first: int, count: int, plane: int) -> list[Pixels | None]:
        stored = self._images[image]
        tiles = stored.planes[plane].read(stored.file, first, count)
        return [self._decode(image, first + n, tile) if len(tile) else None for n, tile in enumerate(tiles)]

    def _canvas(self, described: SourceImage, columns: int, rows: int) -> Pixels:
        white = described.samples == 3
        top = (1 << described.bits) - 1 if white else 0
        canvas: Pixels = np.full((rows, columns, described.samples), top, f"u{described.bits // 8}")
        return canvas

    def _decode(self, image: int, frame: int, tile: Buffer) -> Pixels:
        try:
            return self._images[image].codec.decode(tile)
        except CodecError as error:
            level = self._description.images[image].level
            name = Path(self._images[image].file.uri)
            raise TileError(
                f"{self.uri}: level {level}, tile {frame} ({name.parent.name}/{name.name}): {error}",
                uri=self.uri,
                level=level,
                frame=frame,
            ) from error
