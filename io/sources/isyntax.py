"""Philips iSyntax, read by libisyntax through pyisyntax: pixels of each level, label and macro image, scale, barcode.

The format stores wavelet coefficients, which are no frames of DICOM. libisyntax is C and not made for many threads on
one file, so its calls take turns; its cache of coefficients is bounded by a number of tiles. pyisyntax is the extra
`isyntax`.
"""

import math
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.contract import PixelsOnly, SlideSource
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.scenes import check_scene
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import (
    Compression,
    ImageKind,
    LossyHistory,
    LossyStage,
    ScannerFacts,
    SlideDescription,
    SourceImage,
    TaggedColour,
)
from pipeline.model.tiles import Pixels

_TILE = 512
_CACHED_TILES = 200
_MOST_ATTACHED_PIXELS = 1 << 26


def open_isyntax(path: str, scene: int) -> SlideSource:
    """Open an iSyntax file. Raises SourceError, also where pyisyntax is not installed."""
    check_scene(path, scene)
    try:
        reader = import_module("isyntax").ISyntax
    except ImportError as error:
        raise SourceError(
            f"{path} is a Philips iSyntax file, for which pyisyntax is needed: pip install 'slidebeam[isyntax]'",
            uri=path,
        ) from error
    file = FileBytes(path)
    try:
        return ISyntaxSource(file, reader)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # the library has exceptions of its own, without a base or a message
        file.close()
        cause = f"{type(error).__name__}{f': {error}' if str(error) else ''}"
        raise SourceError(
            f"{path} cannot be opened as iSyntax ({cause}); check that the copy is complete", uri=path
        ) from error


class ISyntaxSource(PixelsOnly):
    """One slide. `reader` is pyisyntax's class."""

    def __init__(self, file: FileBytes, reader: Callable[..., Any]) -> None:
        self.uri = file.uri
        self._file = file
        self._turn = threading.Lock()
        self._stream = Path(file.uri).open("rb")  # noqa: SIM115  closed with the slide
        try:
            self._slide = reader(self._stream, file.size, cache_size=_CACHED_TILES)
        except Exception:
            self._stream.close()
            raise
        try:
            self._attached = self._read_attached()
            self._description = self._describe()
        except Exception:
            self.close()
            raise

    def describe(self) -> SlideDescription:
        """Levels, label, overview, scale, barcode and profile."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of size and blocks of the file; its header, with label and macro image, is at the beginning."""
        return files_fingerprint([Path(self.uri)])

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles of the grid, white beyond the image."""
        grid = self._description.images[image].grid
        tiles: list[Pixels | None] = []
        for frame in range(first, first + count):
            columns, rows = grid.extent(frame)
            tile = np.full((grid.tile_rows, grid.tile_columns, 3), 255, np.uint8)
            tile[:rows, :columns] = self.read_region(image, *grid.position(frame), columns, rows)
            tiles.append(tile)
        return tiles

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """RGB of a level; label and overview are decoded from their JPEG."""
        source = self._description.images[image]
        try:
            if source.level is None:
                pixels = self._attached[source.kind].decode()[y : y + rows, x : x + columns]
                return np.ascontiguousarray(np.broadcast_to(pixels, (rows, columns, 3)))
            rgba = self._region(x, y, columns, rows, source.level)
        except SourceError:
            raise
        except Exception as error:
            raise TileError(
                f"{self.uri}: level {source.level}: pixels at {x},{y} cannot be read: {type(error).__name__} {error}",
                uri=self.uri,
                level=source.level,
            ) from error
        return np.ascontiguousarray(rgba[:, :, :3])

    def close(self) -> None:
        """Close library and file."""
        with self._turn:
            self._slide.close()
            self._stream.close()
            self._file.close()

    def _region(self, x: int, y: int, columns: int, rows: int, level: int) -> NDArray[np.uint8]:
        with self._turn:
            if self._stream.closed:
                raise SourceError(f"{self.uri} was closed", uri=self.uri)
            pixels: NDArray[np.uint8] = self._slide.read_region(x, y, columns, rows, level=level)
        return pixels

    def _read_attached(self) -> "dict[ImageKind, _AttachedJpeg]":
        found = {
            ImageKind.LABEL: self._slide.read_label_image_jpeg(),
            ImageKind.OVERVIEW: self._slide.read_macro_image_jpeg(),
        }
        return {kind: _AttachedJpeg(bytes(data)) for kind, data in found.items() if data}

    def _describe(self) -> SlideDescription:
        slide = self._slide
        levels = [
            _image(number, ImageKind.VOLUME, number, TileGrid(columns, rows, _TILE, _TILE), LossyHistory(unknown=True))
            for number, (columns, rows) in enumerate(slide.level_dimensions)
        ]
        others = [
            _image(len(levels) + place, kind, None, image.grid, image.lossy)
            for place, (kind, image) in enumerate(self._attached.items())
        ]
        across, down = float(slide.mpp_x), float(slide.mpp_y)
        known = all(math.isfinite(edge) and edge > 0 for edge in (across, down))
        profile = slide.read_icc_profile()
        return SlideDescription(
            format="isyntax",
            images=(*levels, *others),
            facts=ScannerFacts(
                pixel_spacing_mm=(down / 1000, across / 1000) if known else None,
                manufacturer="Philips",
                barcode=slide.barcode,
                background=(255, 255, 255),
            ),
            icc_profile=bytes(profile) if profile else b"",
            properties=(("isyntax.barcode", slide.barcode),) if slide.barcode else (),
        )


class _AttachedJpeg:
    """Label or macro image; CodecError for what is no JPEG, or too large."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        header = parse_header(data)
        samples = len(header.components)
        if header.columns * header.rows > _MOST_ATTACHED_PIXELS or samples not in (1, 3):
            raise CodecError("JPEG: the label or macro image is too large, or neither gray nor RGB")
        self.grid = TileGrid(header.columns, header.rows, header.columns, header.rows)
        self.lossy = LossyHistory((LossyStage("ISO_10918_1", max(1.0, header.columns * header.rows * 3 / len(data))),))
        colour = TaggedColour.GRAY if samples == 1 else TaggedColour.YCBCR
        self._tiles = JpegTiles(
            tables=b"", colour=colour, samples=samples, bits=8, tile_columns=header.columns, tile_rows=header.rows
        )

    def decode(self) -> Pixels:
        """Return the whole image."""
        return self._tiles.decode(self._data)


def _image(index: int, kind: ImageKind, level: int | None, grid: TileGrid, lossy: LossyHistory) -> SourceImage:
    return SourceImage(
        index=index,
        kind=kind,
        level=level,
        grid=grid,
        tiled=False,
        samples=3,
        bits=8,
        compression=Compression.OTHER,
        colour=TaggedColour.RGB,
        lossy=lossy,
    )
