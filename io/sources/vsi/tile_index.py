"""Which tile of an ETS file is where: a table for each plane of each level, in frame order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.vsi.ets import EtsFile
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.tiles import Buffer

_GAP = 1 << 16
"""Bytes between tiles that are read along instead of making a second call."""
_SPARSEST = 64
_FEW_FRAMES = 1 << 14


@dataclass(frozen=True, slots=True)
class TileIndex:
    """One plane of one level."""

    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint64]
    """0 where there is no tile."""

    def read(self, file: FileBytes, first: int, count: int) -> list[Buffer]:
        """Return tiles as stored; one ranged read when they lie together."""
        offsets, lengths = self.offsets[first : first + count], self.lengths[first : first + count]
        stored = lengths > 0
        if not stored.any():
            return [b""] * len(lengths)
        start, end = int(offsets[stored].min()), int((offsets + lengths)[stored].max())
        places = list(zip(offsets.tolist(), lengths.tolist(), strict=True))
        if end - start <= int(lengths.sum()) + _GAP:
            whole = memoryview(file.read(start, end - start))
            return [whole[at - start : at - start + length] if length else b"" for at, length in places]
        return [file.read(at, length) if length else b"" for at, length in places]


def index_plane(ets: EtsFile, grid: TileGrid, level: int, fixed: Mapping[int, int], uri: str) -> TileIndex:
    """Sort the tiles of a level that have the fixed further coordinates (place, value).

    Raises
    ------
    SourceError
        A tile lies outside of the grid, or the grid is next to empty.

    """
    if grid.frames > max(_FEW_FRAMES, _SPARSEST * len(ets.levels)):
        raise SourceError(
            f"{uri}: the tiles of level {level} show next to nothing of {grid.columns} x {grid.rows} pixels: "
            "the file is damaged",
            uri=uri,
        )
    own = ets.levels == level
    for place, value in fixed.items():
        own &= ets.coordinates[:, 2 + place] == value
    across, down = ets.coordinates[own, 0].astype(np.int64), ets.coordinates[own, 1].astype(np.int64)
    if len(across) and (across.max() >= grid.across or down.max() >= grid.down):
        raise SourceError(f"{uri}: a tile of level {level} lies outside of the image: the file is damaged", uri=uri)
    frames = down * grid.across + across
    offsets, lengths = np.zeros(grid.frames, np.uint64), np.zeros(grid.frames, np.uint64)
    offsets[frames], lengths[frames] = ets.offsets[own], ets.lengths[own]
    return TileIndex(offsets, lengths)
