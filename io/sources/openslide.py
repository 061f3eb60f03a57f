"""All else that OpenSlide opens, as pixels: MIRAX, Hamamatsu, Leica, Ventana, Philips, Trestle, Sakura, Zeiss, DICOM.

OpenSlide gives pixels and does not say how they were stored, so nothing passes. Where the vendor's format has one
codec, or names it, the lossy history is known all the same, with the ratio of the whole file; else it is unknown.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import date_time
from pipeline.io.sources.dicom_series import lossy_history, series_files
from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.scenes import check_scene
from pipeline.model.errors import SourceError, TileError
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
from pipeline.model.tiles import Buffer, Pixels

_ASSOCIATED = {"label": ImageKind.LABEL, "macro": ImageKind.OVERVIEW, "thumbnail": ImageKind.THUMBNAIL}
_MAKERS = {
    "hamamatsu": "Hamamatsu",
    "leica": "Leica Biosystems",
    "mirax": "3DHISTECH",
    "philips": "Philips",
    "sakura": "Sakura",
    "trestle": "Trestle",
    "ventana": "Ventana",
    "zeiss": "Zeiss",
}
_MODEL_PROPERTIES = (
    "hamamatsu.Product",
    "leica.device-model",
    "mirax.NONHIERLAYER_1_SECTION.SCANNER_HARDWARE_VERSION",
    "tiff.Model",
)
_SERIAL_PROPERTIES = ("hamamatsu.NDP.S/N", "leica.device-serial-number")
_DATE_PROPERTIES = ("leica.creation-date", "hamamatsu.Created", "tiff.DateTime", "mirax.GENERAL.SLIDE_CREATIONDATETIME")
_JPEG_FORMATS = ("hamamatsu", "leica", "philips", "sakura", "trestle")
"""Formats whose tiles are JPEG, whatever the scanner's settings."""
_MIRAX_CODEC = "mirax.LAYER_0_LEVEL_0_SECTION.IMAGE_FORMAT"
_SMALLEST_NATIVE_TILE, _LARGEST_NATIVE_TILE = 128, 4096


def open_openslide(path: str, scene: int) -> SlideSource:
    """Open whatever OpenSlide opens. Raises SourceError."""
    check_scene(path, scene)
    return OpenSlideSource(path)


class OpenSlideSource(SlideSource):
    """A slide read by OpenSlide. `uri` is the path that OpenSlide takes: of a folder of DICOM, one of its files.

    `warnings` are what somebody else found in the file; OpenSlide does not tell.
    """

    def __init__(self, uri: str, warnings: tuple[str, ...] = ()) -> None:
        self.uri = uri
        self._warnings = warnings
        self._closed = False
        try:
            self._slide = openslide.OpenSlide(uri)
        except (openslide.OpenSlideError, OSError) as error:
            raise _unreadable(uri, error) from error
        try:
            self._files = self._own_files()
            self._history = self._lossy_history()
            self._description = self._describe()
        except Exception as error:  # properties of a damaged slide may be missing, or be anything
            self.close()
            raise _unreadable(uri, error) from error
        self._background = np.array(self._description.facts.background or (255, 255, 255), np.uint8)

    def describe(self) -> SlideDescription:
        """Levels, associated images and properties."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of the slide's files: a MIRAX data folder's, and the other files of a DICOM series, too."""
        return files_fingerprint(self._files)

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """None: OpenSlide gives pixels."""
        return None

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """None: OpenSlide gives pixels."""
        return None

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Never asked for: no image has lossless frames."""
        raise SourceError(f"{self.uri}: OpenSlide gives no compressed tiles", uri=self.uri)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles of the grid, background beyond the image."""
        source = self._description.images[image]
        grid = source.grid
        tiles: list[Pixels | None] = []
        for frame in range(first, first + count):
            tile = np.empty((grid.tile_rows, grid.tile_columns, 3), np.uint8)
            tile[:] = self._background
            columns, rows = grid.extent(frame)
            tile[:rows, :columns] = self.read_region(image, *grid.position(frame), columns, rows)
            tiles.append(tile)
        return tiles

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """RGB, composed onto the slide's background: what was not scanned is transparent in OpenSlide."""
        source = self._description.images[image]
        if self._closed:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        try:
            if source.level is None:
                picture = self._slide.associated_images[_associated_name(source.kind)]
                rgba = np.asarray(picture.crop((x, y, x + columns, y + rows)).convert("RGBA"))
            else:
                # Positions are in pixels of level 0, whatever level is read.
                scale = self._slide.level_downsamples[source.level]
                place = (round(x * scale), round(y * scale))
                rgba = np.asarray(self._slide.read_region(place, source.level, (columns, rows)))
        except (openslide.OpenSlideError, KeyError) as error:
            raise TileError(
                f"{self.uri}: pixels at {x},{y} cannot be read: {error}", uri=self.uri, level=source.level
            ) from error
        if rgba[:, :, 3].min() == 255:
            return np.ascontiguousarray(rgba[:, :, :3])
        alpha = rgba[:, :, 3:].astype(np.uint16)
        return ((rgba[:, :, :3] * alpha + self._background * (255 - alpha) + 127) // 255).astype(np.uint8)

    def close(self) -> None:
        """Close OpenSlide's handle, which may be done once only."""
        if not self._closed:
            self._closed = True
            self._slide.close()

    def _own_files(self) -> list[Path]:
        path = Path(self.uri)
        data = path.with_suffix("")
        if path.suffix.lower() == ".mrxs" and data.is_dir():
            return [path, *sorted(p for p in data.rglob("*") if p.is_file())]
        if self._slide.properties.get("openslide.vendor") == "dicom":
            return series_files(path)
        return [path]

    def _lossy_history(self) -> LossyHistory:
        properties = self._slide.properties
        vendor = properties.get("openslide.vendor", "")
        if vendor == "dicom":
            return lossy_history(Path(self.uri))
        if vendor in _JPEG_FORMATS or properties.get(_MIRAX_CODEC) == "JPEG":
            pixels = sum(3 * columns * rows for columns, rows in self._slide.level_dimensions)
            stored = sum(file.stat().st_size for file in self._files)
            return LossyHistory((LossyStage("ISO_10918_1", max(1.0, pixels / max(1, stored))),))
        return LossyHistory(unknown=True)

    def _describe(self) -> SlideDescription:
        properties = dict(self._slide.properties)
        images = [
            self._image(level, ImageKind.VOLUME, level, size) for level, size in enumerate(self._slide.level_dimensions)
        ]
        for name in self._slide.associated_images:
            if name in _ASSOCIATED:
                columns, rows = (int(properties[f"openslide.associated.{name}.{edge}"]) for edge in ("width", "height"))
                images.append(self._image(len(images), _ASSOCIATED[name], None, (columns, rows)))
        icc = getattr(self._slide, "color_profile", None)
        return SlideDescription(
            format=properties.get("openslide.vendor", "unknown"),
            images=tuple(images),
            facts=_facts(properties),
            icc_profile=icc.tobytes() if icc is not None else b"",
            warnings=(*self._warnings, *self._doubts()),
        )

    def _doubts(self) -> Iterator[str]:
        fractional = [level for level, scale in enumerate(self._slide.level_downsamples) if scale != round(scale)]
        if fractional:
            # Positions are pixels of the base level; what lies between two pixels of this one is interpolated.
            names = ", ".join(map(str, fractional))
            yield f"level {names}: no whole fraction of the base level, so OpenSlide shifts tiles by part of a pixel"
        if self._slide.properties.get("openslide.vendor") == "dicom":
            yield "patient, study and specimen of the DICOM source are not carried over: --metadata gives them"

    def _image(self, index: int, kind: ImageKind, level: int | None, size: tuple[int, int]) -> SourceImage:
        tile, tiled = size, False
        if level is not None:
            properties = self._slide.properties
            stored = tuple(
                int(properties.get(f"openslide.level[{level}].tile-{axis}", 0)) for axis in ("width", "height")
            )
            tiled = all(_SMALLEST_NATIVE_TILE <= edge <= _LARGEST_NATIVE_TILE for edge in stored)
            tile = (stored[0], stored[1]) if tiled else (512, 512)
        return SourceImage(
            index=index,
            kind=kind,
            level=level,
            grid=TileGrid(size[0], size[1], tile[0], tile[1]),
            tiled=tiled,
            samples=3,
            bits=8,
            compression=Compression.UNKNOWN,
            colour=TaggedColour.RGB,
            lossy=self._history,
        )


def _unreadable(uri: str, error: Exception) -> SourceError:
    cause = error if isinstance(error, openslide.OpenSlideError) else f"{type(error).__name__} {error}"
    return SourceError(
        f"{uri} cannot be opened as a slide ({cause}); check that it is complete and of a supported format", uri=uri
    )


def _associated_name(kind: ImageKind) -> str:
    return next(name for name, known in _ASSOCIATED.items() if known is kind)


def _facts(properties: Mapping[str, str]) -> ScannerFacts:
    vendor = properties.get("openslide.vendor", "")
    x, y = (_positive(properties.get(f"openslide.mpp-{axis}", "")) for axis in "xy")
    colour = properties.get("openslide.background-color", "FFFFFF")
    return ScannerFacts(
        pixel_spacing_mm=(y / 1000, x / 1000) if x and y else None,
        objective_power=_positive(properties.get("openslide.objective-power", "")),
        manufacturer=_MAKERS.get(vendor, properties.get("tiff.Make", "")),
        model=_first(properties, _MODEL_PROPERTIES),
        serial_number=_first(properties, _SERIAL_PROPERTIES),
        software_versions=(properties["tiff.Software"],) if properties.get("tiff.Software") else (),
        acquisition_datetime=_datetime(_first(properties, _DATE_PROPERTIES)),
        barcode=properties.get("openslide.barcode", ""),
        background=tuple(bytes.fromhex(colour)) if len(colour) == 6 else None,
    )


def _positive(text: str) -> float | None:
    """Read a scale; None for what is none: 0, less, infinite, or no number at all."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _first(properties: Mapping[str, str], names: Sequence[str]) -> str:
    return next((properties[name].strip() for name in names if properties.get(name, "").strip()), "")


def _datetime(text: str) -> str:
    """Make a DICOM DT of an ISO 8601 or TIFF date; empty when it is neither."""
    return date_time("".join(c for c in text[:19] if c.isdigit()))
