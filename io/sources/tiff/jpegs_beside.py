"""A TIFF slide with whole JPEGs beside its levels."""

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
from pipeline.model.source import SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class JpegsBesideSource(TiffSource):
    """A slide of one TIFF file and, maybe, whole JPEGs."""

    def __init__(
        self,
        container: TiffContainer,
        images: Sequence[Sequence[TiffImage]],
        description: SlideDescription,
        *,
        jpegs: Mapping[int, WholeJpeg],
    ) -> None:
        """Take JPEGs by their place in the description, where the images have an empty list of directories."""
        super().__init__(container, images, description)
        self._jpegs = dict(jpegs)
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
        """Compose a rectangle, or cut it out of a JPEG."""
        jpeg = self._open_jpeg(image)
        if jpeg is None:
            return super().read_region(image, x, y, columns, rows, plane)
        return jpeg.pixels()[y : y + rows, x : x + columns]

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        super().close()

    def _open_jpeg(self, image: int) -> WholeJpeg | None:
        jpeg = self._jpegs.get(image)
        if jpeg is not None and self._closed:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        return jpeg
