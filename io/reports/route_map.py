"""Which way each tile of a converted level went, and why: its certificate, laid out over the level.

The certificate has a row a frame of an instance, the headers tell which tile a frame shows; so TILED_SPARSE, several
optical paths or focal planes, instances of one path each and concatenations come to one thing: a number for each tile
of each plane. Label, overview and thumbnail are a frame each and have no map.
"""

import io as byte_streams
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.io.reports.converted import ConvertedSlide
from pipeline.io.sources.dicom.file import parse_file
from pipeline.io.sources.dicom.instance import read_instance
from pipeline.io.sources.dicom.placement import FramePlaces, identifiers, place_frames
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.geometry import TileGrid
from pipeline.model.reasons import Reason, Route
from pipeline.model.state import InstanceRecord

_LEVEL = re.compile(r"level-(\d+)")
_AVERAGED = (Reason.LEVEL_AVERAGED, Reason.MISSING_TILE_AVERAGED)


class Fate(StrEnum):
    """What became of a tile, in the words of people."""

    PASSED = "passed"
    RETILED = "re-tiled"
    RECOMPRESSED = "recompressed"
    ENCODED = "encoded anew"
    AVERAGED = "averaged"
    """From a larger level, because the slide has no such level, or lacks the tile."""
    BACKGROUND = "background"
    """The slide holds no tile there."""
    NO_FRAME = "no frame"
    """The same, and none was written: TILED_SPARSE."""


_FATES = {
    Route.PASSTHROUGH: Fate.PASSED,
    Route.RETILED: Fate.RETILED,
    Route.RECOMPRESSED: Fate.RECOMPRESSED,
    Route.ENCODE: Fate.ENCODED,
    Route.BACKGROUND: Fate.BACKGROUND,
}


class Way(NamedTuple):
    """A route with its reason; None and None is that of a tile without a frame."""

    route: Route | None
    reason: Reason | None

    @property
    def fate(self) -> Fate:
        """What a picture shows."""
        if self.route is None:
            return Fate.NO_FRAME
        return Fate.AVERAGED if self.reason in _AVERAGED else _FATES[self.route]


NO_FRAME = Way(None, None)


class WayShare(NamedTuple):
    """Tiles that went one way."""

    way: Way
    tiles: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelRoutes:
    """One level: a way for each tile of each plane."""

    level: int
    grid: TileGrid
    optical_paths: tuple[str, ...]
    """Identifiers, in the order of the Optical Path Sequence."""
    heights_um: tuple[float, ...]
    """Of the focal planes, from glass to coverslip."""
    ways: tuple[Way, ...]
    """All that occur, and NO_FRAME first."""
    tiles: NDArray[np.uint8]
    """(optical paths, focal planes, tiles): numbers of ways."""

    def shares(self, optical_path: int | None = None, focal_plane: int | None = None) -> list[WayShare]:
        """Count the tiles that went each way, of all planes or of one, in the order of fates and of reasons' names."""
        tiles = self.tiles
        tiles = tiles if optical_path is None else tiles[optical_path : optical_path + 1]
        tiles = tiles if focal_plane is None else tiles[:, focal_plane : focal_plane + 1]
        counts = np.bincount(tiles.ravel(), minlength=len(self.ways)).tolist()
        found = [WayShare(way, count) for way, count in zip(self.ways, counts, strict=True) if count]
        order = list(Fate)
        return sorted(found, key=lambda share: (order.index(share.way.fate), share.way.reason or ""))


def route_maps(slide: ConvertedSlide) -> list[LevelRoutes]:
    """Read the maps of a slide's levels, base first.

    Raises ConfigError where the output does not tell (a series that is not finished, or has no certificate),
    StorageError and SourceError where a file is damaged or gone.
    """
    record, store = slide.record(), slide.store()
    numbered = [(int(found[1]), file) for file in record.instances if (found := _LEVEL.match(file.instance))]
    levels = groupby(sorted(numbered, key=lambda pair: pair[0]), key=lambda pair: pair[0])
    maps = [_level_routes(slide, store, level, [file for _, file in pairs]) for level, pairs in levels]
    if not maps:
        raise ConfigError(f"{slide.series} holds no level: there are no tiles to show", uri=slide.series)
    return maps


class _Placed(NamedTuple):
    """A file of a level."""

    grid: TileGrid
    listed: tuple[str, ...]
    """Identifiers of the optical paths that the header has."""
    places: FramePlaces
    first_frame: int
    """Its place in the certificate."""
    file: InstanceRecord


def _level_routes(
    slide: ConvertedSlide, store: OutputStore, level: int, files: Sequence[InstanceRecord]
) -> LevelRoutes:
    placed = [_placed(slide, file) for file in files]
    grid = placed[0].grid
    paths = tuple(dict.fromkeys(path for one in placed for path in one.listed))
    heights = np.unique(np.concatenate([one.places.z_um for one in placed]))
    ways = [NO_FRAME]
    tiles = np.zeros((len(paths), len(heights), grid.frames), np.uint8)
    for name in dict.fromkeys(file.instance for file in files):
        parts = [one for one in placed if one.file.instance == name]
        codes = _frame_ways(slide, store, name, sum(part.file.frames for part in parts), ways)
        for part in parts:
            path_of = np.array([paths.index(identifier) for identifier in part.places.identifiers])
            place = (
                path_of[part.places.optical_paths],
                np.searchsorted(heights, part.places.z_um),
                part.places.tiles,
            )
            tiles[place] = codes[part.first_frame : part.first_frame + part.file.frames]
    return LevelRoutes(
        level=level,
        grid=grid,
        optical_paths=paths,
        heights_um=tuple(heights.tolist()),
        ways=tuple(ways),
        tiles=tiles,
    )


def _placed(slide: ConvertedSlide, file: InstanceRecord) -> _Placed:
    opened = FileBytes(f"{slide.series}/{file.file}")
    try:
        instance = read_instance(parse_file(opened))
    finally:
        opened.close()
    if instance.frames != file.frames:
        raise StorageError(
            f"{opened.uri} has {instance.frames} frames, and {file.frames} were written; it was changed, convert again",
            uri=opened.uri,
        )
    listed = identifiers(instance.header) or ("",)
    return _Placed(instance.grid, listed, place_frames(instance), instance.first_frame, file)


def _frame_ways(
    slide: ConvertedSlide, store: OutputStore, instance: str, frames: int, ways: list[Way]
) -> NDArray[np.uint8]:
    """Return the number of each frame's way, as the certificate has it; ways that are new are added to the list."""
    path = f"certificates/{slide.slide_id}/{instance}.parquet"
    try:
        data = store.read_report(path)
    except StorageError as error:
        if error.transient:
            raise
        raise ConfigError(
            f"{slide.series} has no certificate of {instance} ({error}); convert the slide with --force", uri=error.uri
        ) from error
    try:
        table = pq.read_table(byte_streams.BytesIO(data), columns=["route", "reason"])
        routes, reasons = (_coded(table[name]) for name in ("route", "reason"))
        codes = np.empty(len(table), np.uint8)
        for way, rows in _ways_and_rows(routes, reasons):
            if way not in ways:
                ways.append(way)
            codes[rows] = ways.index(way)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise StorageError(f"the certificate _reports/{path} in {slide.output} is damaged: {error}") from error
    if len(codes) != frames:
        raise ConfigError(
            f"the certificate of {instance} has {len(codes)} frames, {slide.series} {frames}: it is of another "
            "conversion; convert the slide with --force",
            uri=slide.series,
        )
    return codes


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return a number a row, and the texts that they stand for."""
    coded = pa.concat_arrays(column.cast(pa.string()).chunks or [pa.array([], pa.string())]).dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()


def _ways_and_rows(
    routes: tuple[NDArray[np.int64], list[str]], reasons: tuple[NDArray[np.int64], list[str]]
) -> Iterator[tuple[Way, NDArray[np.bool_]]]:
    """Yield each way that occurs, with the rows that it is of. Raises ValueError for a name that nobody knows."""
    for number, route in enumerate(routes[1]):
        for other, reason in enumerate(reasons[1]):
            rows = (routes[0] == number) & (reasons[0] == other)
            if rows.any():
                yield Way(Route(route), Reason(reason) if reason else None), rows
