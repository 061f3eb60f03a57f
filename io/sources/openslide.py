"""Formats that OpenSlide opens and no reader here does, as pixels: MIRAX, Hamamatsu VMS and VMU, Sakura, and others.

OpenSlide gives pixels and does not say how they were stored, so nothing passes. Where the vendor's format has one
codec, or names it, the lossy history is known all the same, with the ratio of the whole file; else it is unknown.

What was not scanned is transparent in OpenSlide. A tile of that alone is missing: it costs a frame of background, or
none. Levels are never cut to `openslide.bounds`, which are of what was scanned, but tiles beyond them are not read.
Regions (`openslide.region`) of one slide lie in one picture, as the scanner placed them.

Pictures are shown as they are stored. Scanners hold the slide in ways of their own: the label is at the lower end of a
MIRAX overview, and an overview may be turned against the levels. Nothing is turned here.
"""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray

from pipeline.io.sources.contract import ComposedSource, PixelsOnly, SlideSource
from pipeline.io.sources.mirax import check_focal_planes, fluorescence_channels
from pipeline.io.sources.openslide_checks import check_before_opening
from pipeline.io.sources.openslide_facts import lossy_history, scanner_facts
from pipeline.io.sources.openslide_files import digest, slide_files
from pipeline.io.sources.scenes import check_scene
from pipeline.model.colour_choice import Background
from pipeline.model.errors import SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import (
    Compression,
    ImageKind,
    LossyHistory,
    OpticalPathFacts,
    SlideDescription,
    SourceImage,
    TaggedColour,
)
from pipeline.model.tiles import Pixels

_ASSOCIATED = {"label": ImageKind.LABEL, "macro": ImageKind.OVERVIEW, "thumbnail": ImageKind.THUMBNAIL}
_SMALLEST_NATIVE_TILE, _LARGEST_NATIVE_TILE = 128, 4096
_TILE = 512


def open_openslide(path: str, scene: int) -> SlideSource:
    """Open whatever OpenSlide opens. Raises SourceError."""
    check_scene(path, scene)
    return OpenSlideSource(path)


class OpenSlideSource(PixelsOnly, ComposedSource):
    """A slide read by OpenSlide.

    `warnings` are what somebody else found in the file; OpenSlide does not tell.
    """

    def __init__(self, uri: str, warnings: tuple[str, ...] = ()) -> None:
        self.uri = uri
        self._warnings = warnings
        self._closed = False
        self._reopening = threading.Lock()
        check_before_opening(Path(uri))
        try:
            self._slide = openslide.OpenSlide(uri)
        except (openslide.OpenSlideError, OSError) as error:
            raise _unreadable(uri, error) from error
        try:
            self._properties = dict(self._slide.properties)
            vendor = self._properties.get("openslide.vendor", "")
            self._channels: tuple[tuple[int, OpticalPathFacts], ...] = ()
            if vendor == "mirax":
                check_focal_planes(Path(uri), self._properties)
                self._channels = fluorescence_channels(Path(uri), self._properties)
            self._files = slide_files(Path(uri), vendor, self._properties)
            self._description = self._describe()
            self._bounds = _bounds(self._properties)
        except SourceError:
            self.close()
            raise
        except Exception as error:  # properties of a damaged slide may be missing, or be anything
            self.close()
            raise _unreadable(uri, error) from error
        self._background = np.array(self._description.facts.background or (255, 255, 255), np.uint8)
        self._of_levels = np.zeros(1, np.uint8) if self._channels else self._background

    def describe(self) -> SlideDescription:
        """Levels, associated images and properties."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of the slide's files, and of its label, overview and thumbnail."""
        return digest(self._files, self._pictures())

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles of the grid, background beyond the image; None for one of which nothing was scanned."""
        source = self._description.images[image]
        grid = source.grid
        tiles: list[Pixels | None] = []
        for frame in range(first, first + count):
            columns, rows = grid.extent(frame)
            pixels = self._rgba(source, *grid.position(frame), columns, rows)
            if pixels is None:
                tiles.append(None)
                continue
            tile = np.empty((grid.tile_rows, grid.tile_columns, source.samples), np.uint8)
            tile[:] = self._fill(source)
            tile[:rows, :columns] = self._composed(source, pixels, plane)
            tiles.append(tile)
        return tiles

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """RGB on the slide's background, or a channel of fluorescence on black."""
        source = self._description.images[image]
        pixels = self._rgba(source, x, y, columns, rows)
        if pixels is None:
            region = np.empty((rows, columns, source.samples), np.uint8)
            region[:] = self._fill(source)
            return region
        return self._composed(source, pixels, plane)

    def paint_background(self, background: Background) -> None:
        """Take the colour of what is transparent in the levels."""
        base = self._description.levels[0]
        self._of_levels = np.array(background.samples(base.samples, base.bits_stored), np.uint8)

    def close(self) -> None:
        """Close OpenSlide's handle, which may be done once only."""
        if not self._closed:
            self._closed = True
            self._slide.close()

    def _rgba(self, source: SourceImage, x: int, y: int, columns: int, rows: int) -> NDArray[np.uint8] | None:
        """Return RGBA, or None where nothing was scanned."""
        if self._closed:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        try:
            if source.level is None:
                picture = self._slide.associated_images[_associated_name(source.kind)]
                return np.asarray(picture.crop((x, y, x + columns, y + rows)).convert("RGBA"))
            # Positions are in pixels of level 0, whatever level is read.
            scale = self._slide.level_downsamples[source.level]
            if self._is_beyond_bounds(x * scale, y * scale, columns * scale, rows * scale):
                return None
            place = (round(x * scale), round(y * scale))
            rgba = np.asarray(self._slide.read_region(place, source.level, (columns, rows)))
        except (openslide.OpenSlideError, KeyError) as error:
            raise TileError(
                f"{self.uri}: pixels at {x},{y} cannot be read: {error}", uri=self.uri, level=source.level
            ) from error
        return rgba if rgba[:, :, 3].any() else None

    def _is_beyond_bounds(self, x: float, y: float, width: float, height: float) -> bool:
        """Whether a rectangle of level 0 lies wholly outside of what was scanned, by its own size or more."""
        if self._bounds is None:
            return False
        left, top, columns, rows = self._bounds
        return x + 2 * width < left or y + 2 * height < top or x - width > left + columns or y - height > top + rows

    def _composed(self, source: SourceImage, rgba: NDArray[np.uint8], plane: int) -> Pixels:
        colours = rgba[:, :, :3]
        if self._channels and source.level is not None:
            component = self._channels[plane][0]
            colours = rgba[:, :, component : component + 1]
        if rgba[:, :, 3].min() == 255:
            return np.ascontiguousarray(colours)
        # OpenSlide's colours are not multiplied by alpha.
        alpha = rgba[:, :, 3:].astype(np.uint16)
        return ((colours * alpha + self._fill(source) * (255 - alpha) + 127) // 255).astype(np.uint8)

    def _fill(self, source: SourceImage) -> NDArray[np.uint8]:
        return self._background if source.level is None else self._of_levels

    def _pictures(self) -> Iterator[tuple[str, bytes]]:
        for image in self._description.images:
            if image.level is not None:
                continue
            name = _associated_name(image.kind)
            try:
                yield name, self._slide.associated_images[name].tobytes()
            except openslide.OpenSlideError as error:
                # After an error OpenSlide refuses all else, and the levels may be sound.
                with self._reopening:
                    self._slide.close()
                    self._slide = openslide.OpenSlide(self.uri)
                yield name, str(error).encode()

    def _describe(self) -> SlideDescription:
        properties = self._properties
        pixels = sum(columns * rows for columns, rows in self._slide.level_dimensions)
        stored = sum(file.stat().st_size for file in self._files)
        history = lossy_history(properties, pixels, stored, Path(self.uri).suffix.lower())
        images = [
            self._image(level, ImageKind.VOLUME, level, size, history)
            for level, size in enumerate(self._slide.level_dimensions)
        ]
        for name in self._slide.associated_images:
            if name in _ASSOCIATED:
                columns, rows = (int(properties[f"openslide.associated.{name}.{edge}"]) for edge in ("width", "height"))
                images.append(self._image(len(images), _ASSOCIATED[name], None, (columns, rows), history))
        icc = getattr(self._slide, "color_profile", None)
        return SlideDescription(
            format=properties.get("openslide.vendor", "unknown"),
            images=tuple(images),
            facts=scanner_facts(properties),
            icc_profile=icc.tobytes() if icc is not None else b"",
            warnings=(*self._warnings, *self._doubts()),
            optical_paths=tuple(facts for _, facts in self._channels) or (OpticalPathFacts(),),
            properties=tuple(sorted(properties.items())),
        )

    def _doubts(self) -> Iterator[str]:
        fractional = [level for level, scale in enumerate(self._slide.level_downsamples) if scale != round(scale)]
        if fractional:
            # Positions are pixels of the base level; what lies between two pixels of this one is interpolated.
            names = ", ".join(map(str, fractional))
            yield f"level {names}: no whole fraction of the base level, so OpenSlide shifts tiles by part of a pixel"
        if Path(self.uri).suffix.lower() == ".vmu":
            yield "its samples of 12 bits are shown with 8, which is what OpenSlide gives"

    def _image(
        self, index: int, kind: ImageKind, level: int | None, size: tuple[int, int], history: LossyHistory
    ) -> SourceImage:
        tile, tiled = size, False
        if level is not None:
            stored = tuple(
                int(self._properties.get(f"openslide.level[{level}].tile-{axis}", 0)) for axis in ("width", "height")
            )
            tiled = all(_SMALLEST_NATIVE_TILE <= edge <= _LARGEST_NATIVE_TILE for edge in stored)
            tile = (stored[0], stored[1]) if tiled else (_TILE, _TILE)
        gray = bool(self._channels) and level is not None
        return SourceImage(
            index=index,
            kind=kind,
            level=level,
            grid=TileGrid(size[0], size[1], tile[0], tile[1]),
            tiled=tiled,
            samples=1 if gray else 3,
            bits=8,
            optical_paths=len(self._channels) if gray else 1,
            compression=Compression.UNKNOWN,
            colour=TaggedColour.GRAY if gray else TaggedColour.RGB,
            lossy=history,
        )


def _unreadable(uri: str, error: Exception) -> SourceError:
    cause = error if isinstance(error, openslide.OpenSlideError) else f"{type(error).__name__} {error}"
    return SourceError(
        f"{uri} cannot be opened as a slide ({cause}); check that it is complete and of a supported format", uri=uri
    )


def _associated_name(kind: ImageKind) -> str:
    return next(name for name, known in _ASSOCIATED.items() if known is kind)


def _bounds(properties: Mapping[str, str]) -> tuple[int, int, int, int] | None:
    """Return left, top, width and height of what was scanned, in pixels of level 0; None where it is not told."""
    try:
        left, top, width, height = (
            int(properties[f"openslide.bounds-{name}"]) for name in ("x", "y", "width", "height")
        )
    except (KeyError, ValueError):
        return None
    return (left, top, width, height) if width > 0 and height > 0 else None
