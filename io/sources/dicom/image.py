"""One image of a series: the planes of a level, or a label, overview or thumbnail, from all files that hold its frames.

Where frames lie is kept as arrays, some thirty bytes a frame, and nothing of the headers is.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.dicom.fragments import joined_fragments
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES
from pipeline.io.sources.canvas import paste
from pipeline.io.sources.dicom.codec import frame_codec
from pipeline.io.sources.dicom.frame_table import FrameTable, encapsulated_frames, largest_frame, native_frames
from pipeline.io.sources.dicom.instance import FrameFormat, Instance
from pipeline.io.sources.dicom.placement import FramePlaces, place_frames
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind
from pipeline.model.tiles import Buffer, Pixels

_GAP = 1 << 16
"""Bytes between frames that are read along instead of making a second call."""
_MISSING = -1
_MOST_PLACES = 1 << 25
"""Tiles of all planes of an image."""
_OF_A_LEVEL = ("samples", "rows", "columns", "bits", "bits_stored", "signed")


class DicomImage:
    """Frames of one image. Raises SourceError where files contradict each other."""

    def __init__(self, instances: Sequence[Instance], paths: Sequence[str], uri: str) -> None:
        """Take the files of the image, parts of concatenations in order, and the slide's optical paths.

        The paths are those of the levels, in order; others that the files name follow.
        """
        self.uri = uri
        self.kind: ImageKind = instances[0].kind
        self.grid: TileGrid = instances[0].grid
        self.form: FrameFormat = instances[0].form
        self._check_alike(instances)
        self._files = [instance.parsed.file for instance in instances]
        places = [place_frames(instance) for instance in instances]
        self.warnings = [place.warning for place in places if place.warning]
        named = {identifier for place in places for identifier in place.identifiers}
        self.paths = tuple(path for path in paths if path in named or self.kind is ImageKind.VOLUME)
        self.paths += tuple(dict.fromkeys(i for place in places for i in place.identifiers if i not in self.paths))
        self.z_um = tuple(np.unique(np.concatenate([place.z_um for place in places])).tolist())
        self._read_tables(instances)
        self._frame_of = self._assign(instances, places)
        forms = [self._format_of(plane, instances) for plane in range(self.planes)]
        codecs = {form: frame_codec(form) for form in forms}
        self._codecs = [codecs[form] for form in forms]
        self._encapsulated = [form.transfer_syntax.is_encapsulated for form in forms]

    @property
    def planes(self) -> int:
        """Optical paths times focal planes."""
        return len(self.paths) * len(self.z_um)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all frames."""
        return int(self._lengths.sum())

    def codec(self, plane: int) -> TileCodec:
        """Return the codec of a plane's frames."""
        return self._codecs[plane]

    def lengths(self, plane: int) -> NDArray[np.uint64]:
        """Return the bytes of each tile's frame, 0 where none is stored."""
        frames = self._frame_of[plane]
        return np.where(frames == _MISSING, np.uint64(0), self._lengths[frames])

    def read_tiles(self, first: int, count: int, plane: int) -> list[Buffer]:
        """Return frames as stored, fragments joined; empty ones are missing. One read where frames lie together."""
        frames = self._frame_of[plane, first : first + count]
        stored = np.flatnonzero((frames != _MISSING) & (self._lengths[frames] > 0))
        tiles: list[Buffer] = [b""] * len(frames)
        if not len(stored):
            return tiles
        found = frames[stored]
        files, offsets, spans = self._file_of[found], self._offsets[found], self._spans[found]
        start, end = int(offsets.min()) - ITEM_HEADER_BYTES, int((offsets + spans).max())
        if len(np.unique(files)) == 1 and end - start <= int(spans.sum()) + ITEM_HEADER_BYTES * len(found) + _GAP:
            whole = memoryview(self._files[files[0]].read(start, end - start))
            pieces = [whole[at - ITEM_HEADER_BYTES - start : at - start + n] for at, n in _pairs(offsets, spans)]
        else:
            pieces = [
                memoryview(self._files[file].read(at - ITEM_HEADER_BYTES, ITEM_HEADER_BYTES + n))
                for file, (at, n) in zip(files.tolist(), _pairs(offsets, spans), strict=True)
            ]
        for place, frame, piece in zip(stored.tolist(), found.tolist(), pieces, strict=True):
            tiles[place] = (
                self._frame(piece, int(self._lengths[frame]), first + place)
                if self._encapsulated[plane]
                else piece[ITEM_HEADER_BYTES:]
            )
        return tiles

    def read_pixels(self, first: int, count: int, plane: int) -> list[Pixels | None]:
        """Return decoded tiles, each (tile rows, tile columns, samples); None where one is missing."""
        tiles = self.read_tiles(first, count, plane)
        return [self._decode(tile, first + i, plane) if len(tile) else None for i, tile in enumerate(tiles)]

    def read_region(self, x: int, y: int, columns: int, rows: int, plane: int, background: Sequence[int]) -> Pixels:
        """Compose a rectangle from the tiles that it touches, each decoded once."""
        grid, form = self.grid, self.form
        region: Pixels = np.empty((rows, columns, form.samples), f"u{form.bits // 8}")
        region[:] = background
        first_across, last_across = x // grid.tile_columns, (x + columns - 1) // grid.tile_columns
        for down in range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1):
            for across in range(first_across, last_across + 1):
                (tile,) = self.read_pixels(down * grid.across + across, 1, plane)
                if tile is not None:
                    paste(region, tile, across * grid.tile_columns - x, down * grid.tile_rows - y)
        return region

    def _decode(self, tile: Buffer, number: int, plane: int) -> Pixels:
        try:
            return self._codecs[plane].decode(tile)
        except CodecError as error:
            raise TileError(
                f"{self.uri}: tile {number} of plane {plane} of the image of {self.grid.columns} x {self.grid.rows} "
                f"pixels cannot be decoded: {error}",
                uri=self.uri,
                frame=number,
            ) from error

    def _frame(self, piece: memoryview, length: int, tile: int) -> Buffer:
        """Return a frame without its items' headers, which must say what the tables do."""
        frame = joined_fragments(piece, without_pad=length % 2 == 1)
        if frame is None or len(frame) != length:
            raise TileError(
                f"{self.uri}: no item of tile {tile} stands where the offset table says; the file is damaged",
                uri=self.uri,
                frame=tile,
            )
        return frame

    def _check_alike(self, instances: Sequence[Instance]) -> None:
        for instance in instances:
            one, other = self.form, instance.form
            differs = [name for name in _OF_A_LEVEL if getattr(one, name) != getattr(other, name)]
            if differs:
                raise SourceError(
                    f"{instance.name} and {instances[0].name} are of one level and differ in {', '.join(differs)}",
                    uri=self.uri,
                )

    def _read_tables(self, instances: Sequence[Instance]) -> None:
        tables = [_table(instance) for instance in instances]
        self.warnings += [table.warning for table in tables if table.warning]
        self._offsets = np.concatenate([table.offsets for table in tables])
        self._spans = np.concatenate([table.spans for table in tables])
        self._lengths = np.concatenate([table.lengths for table in tables])
        self._file_of = np.repeat(np.arange(len(tables), dtype=np.int32), [len(table.lengths) for table in tables])

    def _assign(self, instances: Sequence[Instance], places: Sequence[FramePlaces]) -> NDArray[np.int32]:
        """Return the frame of each tile of each plane, (planes, tiles)."""
        if self.planes * self.grid.frames > _MOST_PLACES:
            raise SourceError(
                f"{self.uri}: {self.planes} planes of {self.grid.frames} tiles are more than any slide has",
                uri=self.uri,
            )
        frame_of = np.full((self.planes, self.grid.frames), _MISSING, np.int32)
        first = 0
        for instance, place in zip(instances, places, strict=True):
            path_of = np.array([self.paths.index(identifier) for identifier in place.identifiers], np.int64)
            planes = path_of[place.optical_paths] * len(self.z_um) + np.searchsorted(self.z_um, place.z_um)
            frames = np.arange(first, first + len(planes), dtype=np.int32)
            taken = frame_of[planes, place.tiles] != _MISSING
            frame_of[planes, place.tiles] = frames
            doubled = np.flatnonzero(taken | (frame_of[planes, place.tiles] != frames))
            if len(doubled):
                raise SourceError(
                    f"{instance.name}: frame {doubled[0]} is at the place of another, in the same focal plane and "
                    "optical path: two instances of one size are not one level, or frames are listed twice",
                    uri=self.uri,
                )
            first += len(planes)
        return frame_of

    def _format_of(self, plane: int, instances: Sequence[Instance]) -> FrameFormat:
        """Return how the frames of a plane are stored. Raises SourceError where they are of several kinds."""
        frames = self._frame_of[plane]
        files = np.unique(self._file_of[frames[frames != _MISSING]]).tolist()
        forms = {instances[file].form for file in files}
        if len(forms) > 1:
            raise SourceError(f"{self.uri}: frames of one plane are stored in several ways: {forms}", uri=self.uri)
        return forms.pop() if forms else self.form


def _table(instance: Instance) -> FrameTable:
    form = instance.form
    if not form.transfer_syntax.is_encapsulated:
        return native_frames(instance.parsed, instance.frames, form.native_bytes)
    return encapsulated_frames(instance.parsed, instance.frames, largest_frame(form.frame_bytes))


def _pairs(offsets: NDArray[np.uint64], spans: NDArray[np.uint64]) -> list[tuple[int, int]]:
    return list(zip(offsets.tolist(), spans.tolist(), strict=True))
