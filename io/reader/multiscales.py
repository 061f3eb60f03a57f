"""A slide as the chunks and documents of OME-NGFF: one Zarr group, one array a level, pixels when they are asked for.

A chunk is one stored tile, of all its samples: reading one decodes one. Chunks of the right and the lower edge are
whole in Zarr: what sticks out has the fill value, which no reader shows.

Channels that are of another kind, type or number of samples than the first one, as segmentations beside tissue, cannot
be in one array with it and are left out, and so are levels that not all channels have;
`slide.level(level, channel_index)` has them.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.io.reader.arrays import LevelArray
from pipeline.io.reader.errors import NotInSlide
from pipeline.io.reader.ngff import array_document, group_document, shown_channels, transformations
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.geometry import level_spacing

if TYPE_CHECKING:
    from pipeline.io.reader.zarr_store import SlideStore

METADATA = "zarr.json"
_Planes = list[list[LevelArray]]
"""Of a level, by channel and focal plane."""


class ArraySlide(Protocol):
    """What arrays need of a slide: of the reading API's `Slide`, and of `SourceSlide`."""

    @property
    def num_levels(self) -> int:
        """Levels of the pyramid."""

    @property
    def num_channels(self) -> int:
        """Optical paths, segments or parameters."""

    @property
    def num_focal_planes(self) -> int:
        """Focal planes."""

    @property
    def pixel_spacings(self) -> tuple[tuple[float, float], ...]:
        """Between columns and between rows, in mm, of each level. Raises SourceError where it is not known."""

    def get_channel_type(self, channel_index: int) -> Any:
        """Return the channel's type."""

    def get_channel_identifier(self, channel_index: int) -> str:
        """Return the channel's identifier."""

    def get_focal_plane_offset(self, focal_plane_index: int) -> float:
        """Return Z of the focal plane in micrometres."""

    def level(self, level: int, channel_index: int = 0, focal_plane_index: int = 0) -> LevelArray:
        """Return a level's channel and focal plane as an array."""


class Multiscales:
    """The group of a slide: its documents, and the bytes of its chunks. Levels have the numbers of the slide's."""

    def __init__(self, slide: ArraySlide, name: str = "", channel_names: Sequence[str] = ()) -> None:
        """Take a slide, which is not kept: arrays of it are, made here since clients may be bound to a thread."""
        self.name = name
        first = slide.level(0)
        self._samples, self.dtype = first.shape[2], first.dtype
        kind = slide.get_channel_type(0)
        of_kind = (channel for channel in range(slide.num_channels) if slide.get_channel_type(channel) == kind)
        channels = [channel for channel in of_kind if self._planes(slide, 0, [channel]) is not None]
        planes = slide.num_focal_planes
        self.axes = ("c", "z", "y", "x") if planes > 1 else ("c", "y", "x")
        levels = ((level, self._planes(slide, level, channels)) for level in range(slide.num_levels))
        self._arrays = {level: arrays for level, arrays in levels if arrays is not None}
        largest = {level: arrays[0][0] for level, arrays in self._arrays.items()}
        self.shapes = {
            level: self._extents(array.shape, planes, len(channels) * self._samples) for level, array in largest.items()
        }
        self.chunk_shapes = {level: self._extents(array.chunks, 1, self._samples) for level, array in largest.items()}
        names = channel_names or [slide.get_channel_identifier(index) for index in range(slide.num_channels)]
        self.documents = self._documents(slide, [names[channel] for channel in channels])

    @property
    def fill_value(self) -> Any:
        """White for colour, 0 for all else: what the part of a chunk beyond the edge has."""
        return int(np.iinfo(self.dtype).max) if self._samples > 1 else self.dtype.type(0).item()

    def grid(self, level: int) -> tuple[int, ...]:
        """Return the number of chunks along each axis of a level."""
        sizes = zip(self.shapes[level], self.chunk_shapes[level], strict=True)
        return tuple(-(-extent // chunk) for extent, chunk in sizes)

    def chunk_bytes(self, level: int) -> int:
        """Return the length of every chunk of a level."""
        return int(np.prod(self.chunk_shapes[level])) * self.dtype.itemsize

    def chunk(self, level: int, place: Sequence[int]) -> NDArray[np.uint8]:
        """Read the chunk at a place of the grid: its bytes, samples in little-endian order."""
        rows, columns = self.chunk_shapes[level][-2:]
        top, left = place[-2] * rows, place[-1] * columns
        array = self._arrays[level][place[0]][place[1] if "z" in self.axes else 0]
        pixels = array[top : top + rows, left : left + columns]
        chunk = np.full((self._samples, rows, columns), self.fill_value, self.dtype.newbyteorder("<"))
        chunk[:, : pixels.shape[0], : pixels.shape[1]] = pixels.transpose(2, 0, 1)
        return chunk.reshape(-1).view(np.uint8)

    def _planes(self, slide: ArraySlide, level: int, channels: Sequence[int]) -> _Planes | None:
        """Return the arrays of a level, None unless all channels have them and all are like the first of the slide."""
        planes = range(slide.num_focal_planes)
        try:
            arrays = [[slide.level(level, channel, plane) for plane in planes] for channel in channels]
        except NotInSlide:
            return None
        wanted = (self._samples, self.dtype)
        alike = all((array.shape[2], array.dtype) == wanted for channel in arrays for array in channel)
        return arrays if alike else None

    def _extents(self, shape: tuple[int, int, int], planes: int, channels: int) -> tuple[int, ...]:
        return (channels, *((planes,) if "z" in self.axes else ()), shape[0], shape[1])

    def _documents(self, slide: ArraySlide, names: Sequence[str]) -> dict[str, bytes]:
        """Return the value of each zarr.json by its key."""
        spacings, known = self._spacings(slide)
        offsets = [float(slide.get_focal_plane_offset(plane)) for plane in range(slide.num_focal_planes)]
        places = {level: transformations(spacings[level], spacings[0], offsets) for level in self._arrays}
        shown = shown_channels(names, self._samples, self.dtype)
        documents = {METADATA: group_document(self.name, self.axes, places, shown, micrometres=known)}
        for level, shape in self.shapes.items():
            documents[f"{level}/{METADATA}"] = array_document(
                shape, self.chunk_shapes[level], self.dtype, self.fill_value, self.axes
            )
        return {key: json.dumps(document, indent=2).encode() for key, document in documents.items()}

    def _spacings(self, slide: ArraySlide) -> tuple[list[tuple[float, float]], bool]:
        """Return (y, x) spacings of the slide's levels in micrometres, or False and in pixels of the base."""
        try:
            known = slide.pixel_spacings
        except SourceError:
            sizes = [(columns, rows) for rows, columns, _ in (slide.level(n).shape for n in range(slide.num_levels))]
            return [level_spacing(sizes[0], (1.0, 1.0), size) for size in sizes], False
        return [(1000 * float(down), 1000 * float(across)) for across, down in known], True


def to_zarr(slide: ArraySlide, *, name: str = "", channel_names: Sequence[str] = ()) -> "SlideStore":
    """Return a read-only Zarr v3 store of a slide, for `zarr.open`, dask and viewers of OME-NGFF.

    No pixel is read before a chunk is asked for. `channel_names` are for people, one a channel of the slide; without
    them its identifiers are. Raises ConfigError where zarr is not installed.
    """
    try:
        from pipeline.io.reader.zarr_store import SlideStore
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "zarr":
            raise
        raise ConfigError("arrays of Zarr need the package zarr: pip install 'slidebeam[zarr]'") from error
    return SlideStore(Multiscales(slide, name, channel_names))
