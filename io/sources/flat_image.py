"""PNG and JPEG files as slides of one level: photographs through an eyepiece, exported regions, test images.

Their codecs give whole images, so the image is decoded once, when the first pixel is asked for, and kept until the
source is closed; what would take more than half a gigabyte is refused. It is upright by EXIF, and alpha is composed
onto white. A resolution is believed where a microscope can have it: 72 dots an inch are what programs write when they
know nothing.
"""

import threading
from collections.abc import Callable

import numpy as np

from pipeline.io.sources.contract import PixelsOnly, SlideSource
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.flat_picture import Picture, read_jpeg, read_png
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.upright import upright
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
_MOST_PIXEL_BYTES = 1 << 29
_FINEST_MM, _COARSEST_MM = 0.00002, 0.02


def open_png(path: str, scene: int) -> SlideSource:
    """Open a PNG file. Raises SourceError."""
    return _open(path, scene, read_png)


def open_jpeg(path: str, scene: int) -> SlideSource:
    """Open a JPEG file. Raises SourceError."""
    return _open(path, scene, read_jpeg)


class FlatImageSource(PixelsOnly):
    """One image."""

    def __init__(self, file: FileBytes, picture: Picture) -> None:
        self.uri = file.uri
        self._file = file
        self._picture = picture
        self._pixels: Pixels | None = None
        self._decoding = threading.Lock()
        self._description = _describe(picture, file.size)

    def describe(self) -> SlideDescription:
        """One level."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of size and blocks of the file."""
        return files_fingerprint([self.uri])

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles of the grid, cut out of the image, white beyond it."""
        whole, grid = self._whole(), self._description.images[image].grid
        tiles: list[Pixels | None] = []
        for frame in range(first, first + count):
            (x, y), (columns, rows) = grid.position(frame), grid.extent(frame)
            tile = np.full((grid.tile_rows, grid.tile_columns, whole.shape[2]), np.iinfo(whole.dtype).max, whole.dtype)
            tile[:rows, :columns] = whole[y : y + rows, x : x + columns]
            tiles.append(tile)
        return tiles

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Cut a rectangle out of the image."""
        return self._whole()[y : y + rows, x : x + columns].copy()

    def close(self) -> None:
        """Close the file and let the pixels go."""
        with self._decoding:
            self._file.close()
            self._pixels = None

    def _whole(self) -> Pixels:
        with self._decoding:
            if self._pixels is None:
                self._pixels = self._decoded()
            return self._pixels

    def _decoded(self) -> Pixels:
        picture = self._picture
        data = self._file.read(0, self._file.size)
        try:
            pixels = picture.decode(data)
        except (CodecError, RuntimeError, ValueError) as error:
            message = f"{self.uri}: the image (level 0) cannot be decoded: {error}"
            raise TileError(message, uri=self.uri, level=0, frame=0) from error
        return upright(pixels, picture.orientation)


def _open(path: str, scene: int, read: Callable[[bytes], Picture]) -> SlideSource:
    check_scene(path, scene)
    file = FileBytes(path)
    try:
        if file.size > _MOST_PIXEL_BYTES:
            raise SourceError(_too_large(path, f"its file has {file.size} bytes"), uri=path)
        picture = read(file.read(0, file.size))
        if picture.columns * picture.rows * picture.samples * (picture.bits // 8) > _MOST_PIXEL_BYTES:
            raise SourceError(_too_large(path, f"{picture.columns} x {picture.rows} pixels"), uri=path)
        return FlatImageSource(file, picture)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # numbers of a damaged file may contradict each other in any way
        file.close()
        raise SourceError(
            f"{path} cannot be read as an image: {error}; check that the copy is complete", uri=path
        ) from error


def _too_large(path: str, what: str) -> str:
    return (
        f"{path}: {what} are too many for an image that is decoded as a whole; store it as a tiled TIFF "
        "(vips tiffsave IN OUT.tif --tile --bigtiff) and convert that"
    )


def _describe(picture: Picture, file_size: int) -> SlideDescription:
    turned = picture.orientation >= 5
    columns, rows = (picture.rows, picture.columns) if turned else (picture.columns, picture.rows)
    warnings = []
    if picture.orientation != 1:
        warnings.append(f"its EXIF orientation is {picture.orientation}; the image is written upright")
    spacing = picture.spacing_mm
    if spacing is not None and not all(_FINEST_MM <= edge <= _COARSEST_MM for edge in spacing):
        warnings.append(
            f"its resolution means {spacing[1] * 1000:.4g} micrometres a pixel, which no microscope has; "
            "it is not believed"
        )
        spacing = None
    if spacing is not None and turned:
        spacing = spacing[::-1]
    texts = {name.rpartition(".")[2]: value for name, value in picture.properties}
    stored = columns * rows * picture.samples * picture.significant_bits / 8
    image = SourceImage(
        index=0,
        kind=ImageKind.VOLUME,
        level=0,
        grid=TileGrid(columns, rows, _TILE, _TILE),
        tiled=False,
        samples=picture.samples,
        bits=picture.bits,
        significant_bits=picture.significant_bits if picture.significant_bits < picture.bits else None,
        compression=Compression.OTHER,
        colour=TaggedColour.GRAY if picture.samples == 1 else TaggedColour.RGB,
        lossy=LossyHistory((LossyStage("ISO_10918_1", max(1.0, stored / file_size)),) if picture.lossy else ()),
    )
    return SlideDescription(
        format=picture.form,
        images=(image,),
        facts=ScannerFacts(
            pixel_spacing_mm=spacing,
            manufacturer=texts.get("Make", ""),
            model=texts.get("Model", ""),
            software_versions=(texts["Software"],) if texts.get("Software") else (),
            acquisition_datetime=tiff_date_time(texts.get("DateTime", "")),
            background=((1 << picture.significant_bits) - 1,) * picture.samples,
        ),
        icc_profile=picture.icc_profile if picture.samples == 3 else b"",
        warnings=tuple(warnings),
        properties=picture.properties,
    )
