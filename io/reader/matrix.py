"""One channel and focal plane of a tiled image as a numpy-like array, of which only what is asked for is read.

The interface is dicomslide's, whose class this one stands for. It reads frames from where they are (`frames`), decodes
every transfer syntax that is written here (`decoding`), and composes regions from the tiles that they touch, several
at once. dicomslide's constructor is not called: it would list a position for each frame.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.io.reader.colour import ColourTransform, absent_colour, icc_profile
from pipeline.io.reader.decoding import FrameDecoder
from pipeline.io.reader.errors import headers_read
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.io.reader.frames import frames_of
from pipeline.io.reader.matrix_index import as_range, as_tiles
from pipeline.io.reader.recent import Recent
from pipeline.io.reader.tile_places import TilePlaces
from pipeline.io.reader.tile_threads import share
from pipeline.io.reader.upstream import UpstreamTotalPixelMatrix, is_tiled_image, stands_for
from pipeline.model.errors import CodecError, TileError

logger = logging.getLogger(__name__)


@stands_for(UpstreamTotalPixelMatrix)
class TotalPixelMatrix(UpstreamTotalPixelMatrix):
    """The total pixel matrix of a channel and focal plane. Many threads may read at once; it can be pickled.

    One index or a sequence of them is of tiles, numbered along the rows of the grid: `matrix[0]`, `matrix[[0, 1]]`.
    Three are of pixels, (row, column, sample), and give (rows, columns, samples): `matrix[:256, 256:512, :]`.
    A slice that begins before the matrix or ends behind it is clipped. Tiles that are not stored have the colour that
    the image recommends for them, else white in colour images and 0 in others; `num_tiles` counts all places of the
    grid and `len` the tiles that are stored.
    """

    def __init__(
        self,
        client: Any,
        image_metadata: Dataset,
        channel_index: int = 0,
        focal_plane_index: int = 0,
        max_frame_cache_size: int = 9,
        correct_color: bool = True,
    ) -> None:
        """Find the tiles, and read none.

        `client` retrieves the frames of the image that `image_metadata` describes; `channel_index` and
        `focal_plane_index` are zero-based; at most `max_frame_cache_size` decoded frames are kept; with `correct_color`
        colour becomes sRGB by the image's ICC profile. Raises ValueError where the image has no such matrix.
        """
        if not is_tiled_image(image_metadata):
            raise ValueError("Image is not tiled.")
        if max_frame_cache_size < 0:
            raise ValueError("Cache size must be at an unsigned integer value.")
        self._metadata = image_metadata
        with headers_read(f'image "{image_metadata.get("SOPInstanceUID")}"'):
            self._places = TilePlaces(image_metadata, channel_index, focal_plane_index)
            self._decoder = FrameDecoder(image_metadata)
        self._rows, self._cols, self._samples = self._decoder.shape
        self._frames = frames_of(client, image_metadata)
        self._max_frame_cache_size = int(max_frame_cache_size)
        self._profile = icc_profile(image_metadata) if correct_color and self._samples == 3 else None
        if correct_color and self._samples == 3 and self._profile is None:
            logger.warning(
                'color image "%s" does not contain an ICC profile - pixel values will not be color corrected',
                image_metadata.SOPInstanceUID,
            )
        self._absent = absent_colour(image_metadata, self._samples, self.dtype, self._decoder.bits_stored)
        self._current_index = 0
        self._cache = Recent[int, NDArray[Any]](self._max_frame_cache_size)

    def __len__(self) -> int:
        """Return the number of tiles that are stored."""
        return len(self._places)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Iterate over the stored tiles."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return a tile, tiles or a region as a new array.

        Raises IndexError for a tile or pixel outside, ValueError for two indices, TypeError for what is no index.
        """
        if isinstance(key, tuple):
            if len(key) != 3:
                raise ValueError(
                    "Index must be three-dimensional: rows (top to bottom), columns (left to right) and samples of the "
                    "image region."
                )
            rows, columns, samples = map(as_range, key, self.shape)
            region = self.read_region(rows.start, columns.start, rows.stop, columns.stop)
            return region[:: rows.step, :: columns.step, samples.start : samples.stop : samples.step]
        tiles = as_tiles(key, len(self))
        pixels = [self._corrected(tile) for tile in self._decoded(tiles)]
        return np.stack(pixels) if len(pixels) > 1 else pixels[0].copy()

    def read_region(self, top: int, left: int, bottom: int, right: int) -> NDArray[Any]:
        """Return the pixels of a rectangle inside the matrix, (bottom - top, right - left, samples), as a new array."""
        region = np.empty((max(0, bottom - top), max(0, right - left), self._samples), self.dtype)
        if not region.size:
            return region
        tiles, covered = self._places.touching(top, left, bottom, right)
        if not covered:
            region[:] = self._absent
        positions = self._places.positions[tiles].tolist()
        wanted = dict(zip(self._places.frames[tiles].tolist(), positions, strict=True))

        def paste(frame: int, tile: NDArray[Any]) -> None:
            row, column = wanted[frame]
            first_row, last_row = max(row, top), min(row + self._rows, bottom)
            first_column, last_column = max(column, left), min(column + self._cols, right)
            piece = tile[first_row - row : last_row - row, first_column - column : last_column - column]
            region[first_row - top : last_row - top, first_column - left : last_column - left] = self._corrected(piece)

        missing = []
        for frame in wanted:
            known = self._cache.get(frame)
            if known is None:
                missing.append(frame)
            else:
                paste(frame, known)
        if missing:
            stored = self._frames.read(missing)
            share(lambda item: paste(item[0], self._decode(*item)), list(zip(missing, stored, strict=True)))
        return region

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels: bool where one bit is allocated, else unsigned integers, or what the data set says."""
        return self._decoder.dtype

    @property
    def tile_grid_shape(self) -> tuple[int, int]:
        """Rows and columns of the tile grid, places without a tile included."""
        return self._places.grid_shape

    @property
    def tile_grid_positions(self) -> NDArray[np.int64]:
        """Row and column in the grid of each stored tile, (n, 2)."""
        return self._places.grid_positions

    @property
    def tile_positions(self) -> NDArray[np.int64]:
        """Row and column in the matrix of each stored tile's first pixel, (n, 2)."""
        return self._places.positions.copy()

    def get_tile_grid_position(self, index: int) -> tuple[int, int]:
        """Return row and column of a tile in the grid."""
        row, column = self._places.positions[index].tolist()
        return row // self._rows, column // self._cols

    def get_tile_position(self, index: int) -> tuple[int, int]:
        """Return row and column of a tile's first pixel in the matrix."""
        row, column = self._places.positions[index].tolist()
        return row, column

    def get_tile_bounding_box(self, index: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return a tile's position in the matrix, and its rows and columns."""
        return self.get_tile_position(index), (self._rows, self._cols)

    def get_tile_index(self, position: tuple[int, int] | None = None, frame_number: int | None = None) -> int:
        """Return the tile at a (row, column) of the grid, or that of a one-based frame number.

        Raises IndexError where none is stored, TypeError where neither is given.
        """
        if position is not None:
            tile = self._places.at(int(position[0]), int(position[1]))
            if tile is None:
                raise IndexError(f"Could not find a tile at position {position}.")
            return tile
        if frame_number is None:
            raise TypeError('Argument "position" or "frame_number" must be provided.')
        found = np.flatnonzero(self._places.frames == frame_number - 1)
        if not len(found):
            raise IndexError(f"Could not find a tile for frame number {frame_number}.")
        return int(found[0])

    def _decoded(self, tiles: Sequence[int]) -> list[NDArray[Any]]:
        """Return whole tiles as they are stored."""
        frames = self._places.frames[tiles].tolist()
        pixels = {frame: self._cache.get(frame) for frame in frames}
        missing = [frame for frame, known in pixels.items() if known is None]

        def decode(item: tuple[int, StoredFrame]) -> None:
            pixels[item[0]] = self._decode(*item)

        if missing:
            share(decode, list(zip(missing, self._frames.read(missing), strict=True)))
        return [pixels[frame] for frame in frames]  # type: ignore[misc]

    def _decode(self, frame: int, stored: StoredFrame) -> NDArray[Any]:
        try:
            pixels = self._decoder.decode(stored)
        except CodecError as error:
            uid = self._metadata.SOPInstanceUID
            raise TileError(
                f'Frame {frame + 1} of image "{uid}" cannot be decoded: {error}', uri=str(uid), frame=frame
            ) from error
        self._cache.put(frame, pixels)
        return pixels

    def _corrected(self, pixels: NDArray[Any]) -> NDArray[Any]:
        transform = self._transform if pixels.dtype == np.uint8 else None
        return pixels if transform is None else transform.apply(pixels)

    @cached_property
    def _transform(self) -> ColourTransform | None:
        """None where pixels stay as they are stored."""
        return None if self._profile is None else ColourTransform(self._profile)
