"""A set of TIFF images as a slide. Vendors differ in what the directories mean; that is decided in their own files."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.canvas import paste
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.model.source import Compression, ImageKind, LossyHistory, LossyStage, SlideDescription, SourceImage
from pipeline.model.tiles import Buffer, Pixels


class TiffSource(SlideSource):
    """A slide whose images are directories of one TIFF file."""

    def __init__(
        self, container: TiffContainer, images: Sequence[Sequence[TiffImage]], description: SlideDescription
    ) -> None:
        """Take a list of directories for each image of the description: one a plane."""
        self.uri = container.uri
        self._container = container
        self._images = images
        self._description = description

    def describe(self) -> SlideDescription:
        """Return what the vendor's file made of the directories."""
        return self._description

    def fingerprint(self) -> str:
        """Return a digest of size, tags, samples of the levels, and all of label, overview and thumbnail."""
        described = zip(self._images, self._description.images, strict=True)
        return self._container.fingerprint(
            [plane for planes, image in described if image.kind is not ImageKind.VOLUME for plane in planes]
        )

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return TileByteCounts; None where a frame is spread over planes or strips."""
        tiff = self._images[image][plane]
        return tiff.lengths if tiff.tiled and tiff.planes == 1 else None

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the codec of the image's compressed tiles."""
        return self._images[image][plane].codec

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles as stored."""
        return self._images[image][plane].read_tiles(first, count)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles."""
        return self._images[image][plane].read_pixels(first, count)

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Compose a rectangle from the tiles that it touches, each decoded once."""
        tiff = self._images[image][plane]
        grid = tiff.grid
        region = np.empty((rows, columns, tiff.samples), f"u{tiff.bits // 8}")
        region[:] = self._missing(image, tiff)
        first_across, last_across = x // grid.tile_columns, (x + columns - 1) // grid.tile_columns
        for down in range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1):
            first = down * grid.across + first_across
            for i, tile in enumerate(tiff.read_pixels(first, last_across - first_across + 1)):
                if tile is not None:
                    left = (first_across + i) * grid.tile_columns - x
                    paste(region, tile, left, down * grid.tile_rows - y)
        return region

    def _missing(self, image: int, tiff: TiffImage) -> tuple[int, ...]:
        """Return a pixel of a tile that is not stored: the background that the source tells of, else white."""
        described, told = self._description.images[image], self._description.facts.background
        if described.kind is ImageKind.VOLUME and told is not None and len(told) == tiff.samples:
            return told
        return (tiff.form.top,) * tiff.samples

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def source_image(index: int, tiff: TiffImage, kind: ImageKind, level: int | None) -> SourceImage:
    """Describe a TIFF image. JPEG is lossy history with the ratio of the stored bytes.

    JPEG 2000 may be reversible; planning adds it to the history when a codestream says that it is not.
    """
    stages: tuple[LossyStage, ...] = ()
    if tiff.compression is Compression.JPEG:
        pixels = tiff.columns * tiff.rows * tiff.samples * (tiff.bits // 8)
        stages = (LossyStage("ISO_10918_1", pixels / max(1, tiff.stored_bytes)),)
    return SourceImage(
        index=index,
        kind=kind,
        level=level,
        grid=tiff.grid,
        tiled=tiff.tiled,
        samples=tiff.samples,
        bits=tiff.bits,
        significant_bits=tiff.form.significant_bits,
        added=tiff.form.added,
        compression=tiff.compression,
        colour=tiff.colour,
        lossy=LossyHistory(stages, unknown=tiff.may_have_lost),
        lossless_frames=tiff.tiled and tiff.planes == 1 and tiff.compression is not Compression.OTHER,
    )
