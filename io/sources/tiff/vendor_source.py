"""A TIFF slide with what plain TIFF has not: missing tiles of a colour of their own, and whole JPEGs beside its levels.

Where nothing was scanned, a vendor shows its white point, and emitted light shows black.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource
from pipeline.io.sources.tiff.whole_jpeg import WholeJpeg
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class VendorTiffSource(TiffSource):
    """A slide of one TIFF file and, maybe, whole JPEGs."""

    def __init__(
        self,
        container: TiffContainer,
        images: Sequence[Sequence[TiffImage]],
        description: SlideDescription,
        *,
        fill: tuple[int, ...] | None = None,
        jpegs: Mapping[int, WholeJpeg] | None = None,
    ) -> None:
        """Take the colour of missing tiles as samples of a level, and whole JPEGs by their place in the description.

        The images have an empty list of directories at a JPEG's place.
        """
        super().__init__(container, images, description)
        self._fill = fill
        self._jpegs = dict(jpegs or {})
        self._closed = False

    def fingerprint(self) -> str:
        """Return a digest of the TIFF file, and of all bytes of the JPEGs."""
        if not self._jpegs:
            return super().fingerprint()
        digest = hashlib.blake2b(super().fingerprint().encode(), digest_size=16)
        for jpeg in self._jpegs.values():
            digest.update(jpeg.data)
        return digest.hexdigest()

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of each tile; a whole JPEG is one."""
        jpeg = self._jpegs.get(image)
        return super().tile_lengths(image, plane) if jpeg is None else np.array([len(jpeg.data)], np.uint64)

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the codec of the image's compressed tiles."""
        jpeg = self._jpegs.get(image)
        return super().tile_codec(image, plane) if jpeg is None else jpeg.codec

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles as stored."""
        jpeg = self._open_jpeg(image)
        return super().read_tiles(image, first, count, plane) if jpeg is None else [jpeg.data][first : first + count]

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles."""
        jpeg = self._open_jpeg(image)
        if jpeg is None:
            return super().read_pixels(image, first, count, plane)
        whole: list[Pixels | None] = [jpeg.pixels()]
        return whole[first : first + count]

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Compose a rectangle; missing tiles have the colour that was given."""
        jpeg = self._open_jpeg(image)
        if jpeg is not None:
            return jpeg.pixels()[y : y + rows, x : x + columns]
        region = super().read_region(image, x, y, columns, rows, plane)
        if self._fill is not None and self._description.images[image].kind is ImageKind.VOLUME:
            self._fill_missing(region, self._images[image][plane], x, y)
        return region

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        super().close()

    def _open_jpeg(self, image: int) -> WholeJpeg | None:
        jpeg = self._jpegs.get(image)
        if jpeg is not None and self._closed:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        return jpeg

    def _fill_missing(self, region: Pixels, tiff: TiffImage, x: int, y: int) -> None:
        grid = tiff.grid
        rows, columns = region.shape[:2]
        for down in range(y // grid.tile_rows, (y + rows - 1) // grid.tile_rows + 1):
            for across in range(x // grid.tile_columns, (x + columns - 1) // grid.tile_columns + 1):
                if not tiff.lengths[down * grid.across + across]:
                    left, top = across * grid.tile_columns - x, down * grid.tile_rows - y
                    region[max(0, top) : top + grid.tile_rows, max(0, left) : left + grid.tile_columns] = np.array(
                        self._fill, region.dtype
                    )
