"""A Ventana BIF whose frames overlap: pixels only, since a tile holds what its neighbour shows too."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.bif_stitching import Axis, picture_axis
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind, SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class StitchedSource(TiffSource):
    """Levels are shown without what frames share; all other pictures as they are."""

    def __init__(
        self,
        container: TiffContainer,
        images: Sequence[Sequence[TiffImage]],
        description: SlideDescription,
        overlaps: tuple[dict[int, int], dict[int, int]],
    ) -> None:
        """Take overlaps in pixels of level 0, by column and by row of tiles, and the description of what is stored."""
        base = images[0][0]
        self._axes: dict[int, tuple[Axis, Axis]] = {}
        shown = list(description.images)
        for image in description.levels:
            tiff = images[image.index][0]
            factor = max(1, round(base.columns / tiff.columns))
            across = picture_axis(tiff.columns, base.grid.tile_columns, overlaps[0], factor)
            down = picture_axis(tiff.rows, base.grid.tile_rows, overlaps[1], factor)
            self._axes[image.index] = across, down
            grid = TileGrid(len(across), len(down), tiff.grid.tile_columns, tiff.grid.tile_rows)
            shown[image.index] = replace(image, grid=grid, lossless_frames=False)
        super().__init__(container, images, replace(description, images=tuple(shown)))

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """None for a level: there are pixels only."""
        return None if image in self._axes else super().tile_lengths(image, plane)

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """None for a level."""
        return None if image in self._axes else super().tile_codec(image, plane)

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles of label, overview or thumbnail."""
        if image in self._axes:
            raise SourceError(f"{self.uri}: frames overlap, so levels have no compressed tiles", uri=self.uri)
        return super().read_tiles(image, first, count, plane)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Cut tiles from the picture: for a row of them one region is read, each frame of it decoded once."""
        if image not in self._axes:
            return super().read_pixels(image, first, count, plane)
        grid = self._description.images[image].grid
        tiles: list[Pixels | None] = []
        while count:
            left, top = grid.position(first)
            taken = min(count, grid.across - first % grid.across)
            columns = min(grid.columns - left, taken * grid.tile_columns)
            strip = self.read_region(image, left, top, columns, grid.extent(first)[1], plane)
            missing = (grid.tile_rows - strip.shape[0], taken * grid.tile_columns - columns)
            whole = np.pad(strip, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
            tiles.extend(np.split(whole, taken, axis=1))
            first, count = first + taken, count - taken
        return tiles

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Read the stored rectangle around, and leave out what is repeated."""
        if image not in self._axes or self._description.images[image].kind is not ImageKind.VOLUME:
            return super().read_region(image, x, y, columns, rows, plane)
        across, down = self._axes[image]
        across, down = across[x : x + columns], down[y : y + rows]
        left, top = int(across[0]), int(down[0])
        stored = super().read_region(image, left, top, int(across[-1]) - left + 1, int(down[-1]) - top + 1, plane)
        return stored[down - top][:, across - left]
