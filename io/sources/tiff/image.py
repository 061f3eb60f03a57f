"""One image of a TIFF file: its tile index, its compressed tiles, its pixels.

Strips are tiles as wide as the image (TIFF 6.0 section 15), so that one code reads both. JPEG and JPEG 2000 go to our
own tile codecs, which look at the codestream first; every other compression, predictor and planar configuration is
tifffile's to undo.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
import tifffile
from numpy.typing import ArrayLike, NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.io.sources.tiff.alpha import compose_on_white
from pipeline.io.sources.tiff.pixel_form import JPEG_2000, PixelForm
from pipeline.io.sources.tiff.plain_codec import MINISWHITE, PlainTiles
from pipeline.io.sources.tiff.raw_rows import RawRows, cut_strips
from pipeline.io.sources.tiff.ycbcr import YcbcrTiles
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.reasons import Reason
from pipeline.model.source import Compression, TaggedColour
from pipeline.model.tiles import Buffer, Pixels

_JPEG = 7
_LOSSLESS = {1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 34926, 34933, 50000}
"""None, CCITT, LZW, deflate, PackBits, LZMA, zstd, PNG; of all others it is not known."""
_GAP = 1 << 16
"""Bytes between tiles that are read along instead of making a second call."""
_LARGEST_SEGMENT = 1 << 28
"""Decoded bytes of a tile or strip beyond which memory would not be bounded."""


class TiffImage:
    """One image directory (IFD). Raises SourceError for what cannot become DICOM pixels."""

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        file_size: int,
        page: tifffile.TiffPage,
        form: PixelForm,
        uri: str,
    ) -> None:
        self._read_at = read
        self._uri = uri
        self._page = page
        self.columns, self.rows = int(page.imagewidth), int(page.imagelength)
        self.tiled = bool(page.is_tiled)
        self.compression = _compression(page, uri)
        self.may_have_lost = self.compression is Compression.OTHER and int(page.compression) not in _LOSSLESS
        """Compressed by a codec that DICOM does not have, and that need not be reversible."""
        self.form = form
        cut = cut_strips(page, form, file_size)
        self.grid = self._grid() if cut is None else cut.grid
        self.planes = form.stored_samples if int(page.planarconfig) == 2 and form.stored_samples > 1 else 1
        offsets, lengths = (page.dataoffsets, page.databytecounts) if cut is None else (cut.offsets, cut.lengths)
        self.offsets, self.lengths = self._tile_index(offsets, lengths, file_size)
        self.codec: TileCodec = (
            self._codec(self.grid.tile_rows) if cut is None else RawRows(page, form, page.parent.byteorder)
        )
        last = self.rows - (self.grid.down - 1) * self.grid.tile_rows
        same = self.tiled or cut is not None or last == self.grid.tile_rows
        self._last_strip_codec = self.codec if same else self._codec(last)
        page.dataoffsets = page.databytecounts = ()  # not before: tifffile's decoder looks at the first tile

    @property
    def colour(self) -> TaggedColour:
        """The container's word on colour."""
        return self.form.colour

    @property
    def samples(self) -> int:
        """Per pixel as decoded: 1 or 3."""
        return self.form.samples

    @property
    def bits(self) -> int:
        """Bits Allocated as decoded: 8 or 16."""
        return self.form.bits

    @property
    def stored_bytes(self) -> int:
        """Bytes of all compressed tiles."""
        return int(self.lengths.sum())

    def read_tiles(self, first: int, count: int) -> list[Buffer]:
        """Return compressed tiles of the image's one plane; one ranged read when they lie together."""
        return self._read(self.offsets[first : first + count], self.lengths[first : first + count])

    def read_pixels(self, first: int, count: int) -> list[Pixels | None]:
        """Return decoded tiles, each (tile rows, tile columns, samples); None where one is missing."""
        if self.planes == 1:
            return [
                self._decode(first + i, tile) if len(tile) else None
                for i, tile in enumerate(self.read_tiles(first, count))
            ]
        frames = self.grid.frames
        planes = [
            self._read(self.offsets[p * frames + first :][:count], self.lengths[p * frames + first :][:count])
            for p in range(self.planes)
        ]
        return [
            self._join([self._decode(p * frames + first + i, plane[i]) for p, plane in enumerate(planes)])
            if all(len(plane[i]) for plane in planes)
            else None
            for i in range(count)
        ]

    def _join(self, planes: list[Pixels]) -> Pixels:
        pixels = cast(Pixels, np.concatenate(planes, axis=2))
        return pixels if self.planes == self.samples else compose_on_white(pixels, self._page.extrasamples)

    def _decode(self, index: int, tile: Buffer) -> Pixels:
        frame = index % self.grid.frames
        is_last_strip = not self.tiled and frame >= self.grid.frames - self.grid.across
        codec = self._last_strip_codec if is_last_strip else self.codec
        try:
            pixels = codec.decode_at(index, tile) if isinstance(codec, PlainTiles) else codec.decode(tile)
        except CodecError as error:
            raise TileError(
                f"{self._uri}: tile {frame} cannot be decoded: {error}", uri=self._uri, frame=frame
            ) from error
        if self.form.significant_bits is not None and int(pixels.max()) > self.form.top:
            raise TileError(
                f"{self._uri}: tile {frame} holds a sample of {int(pixels.max())}, "
                f"more than the {self.form.significant_bits} bits that its metadata tell of",
                uri=self._uri,
                frame=frame,
            )
        missing = self.grid.tile_rows - pixels.shape[0]
        if missing:
            # The last strip may be shorter than the others; what is beyond the image is never looked at.
            pixels = pixels[np.minimum(np.arange(self.grid.tile_rows), pixels.shape[0] - 1)]
        return pixels

    def _read(self, offsets: NDArray[np.uint64], lengths: NDArray[np.uint64]) -> list[Buffer]:
        stored = lengths > 0
        if not stored.any():
            return [b""] * len(lengths)
        start = int(offsets[stored].min())
        end = int((offsets + lengths)[stored].max())
        if end - start <= int(lengths.sum()) + _GAP:
            whole = memoryview(self._read_at(start, end - start))
            places = zip((offsets - np.uint64(start)).tolist(), lengths.tolist(), strict=True)
            return [whole[at : at + length] if length else b"" for at, length in places]
        return [
            self._read_at(at, length) if length else b""
            for at, length in zip(offsets.tolist(), lengths.tolist(), strict=True)
        ]

    def _grid(self) -> TileGrid:
        page = self._page
        columns, rows = (
            (int(page.tilewidth), int(page.tilelength))
            if self.tiled
            else (self.columns, min(int(page.rowsperstrip or self.rows), self.rows))
        )
        if columns * rows * self.form.stored_samples * self.bits // 8 > _LARGEST_SEGMENT:
            raise SourceError(
                f"{self._uri}: a tile or strip of {columns} x {rows} pixels is too large to decode in bounded memory; "
                "store the image in tiles first",
                uri=self._uri,
            )
        try:
            return TileGrid(self.columns, self.rows, columns, rows)
        except ValueError as error:
            raise SourceError(f"{self._uri}: {error}", uri=self._uri) from error

    def _tile_index(
        self, told_offsets: ArrayLike, told_lengths: ArrayLike, file_size: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        offsets, lengths = np.array(told_offsets, np.uint64), np.array(told_lengths, np.uint64)
        expected = self.grid.frames * self.planes
        if len(offsets) != expected or len(lengths) != expected:
            raise SourceError(
                f"{self._uri}: the index lists {len(offsets)} offsets and {len(lengths)} lengths for {expected} tiles",
                uri=self._uri,
            )
        size = np.uint64(file_size)
        # Sums of hostile offsets and lengths would wrap around.
        outside = np.flatnonzero((lengths > 0) & ((lengths > size) | (offsets > size - np.minimum(lengths, size))))
        if len(outside):
            raise SourceError(
                f"{self._uri}: tile {outside[0]} ends behind the end of the file ({file_size} bytes): "
                "the file is truncated; fetch it again",
                uri=self._uri,
            )
        if not lengths.any():
            raise SourceError(
                f"{self._uri}: none of the {expected} tiles of a directory is stored: the file was not finished",
                uri=self._uri,
            )
        return offsets, lengths

    def _codec(self, rows: int) -> TileCodec:
        reason = self._why_decoded()
        if self.colour is TaggedColour.YCBCR and self.compression is Compression.OTHER:
            return YcbcrTiles(self._page, self.form, columns=self.grid.tile_columns, rows=rows)
        if reason is not None:
            return PlainTiles(self._page, self.form, samples=1 if self.planes > 1 else self.samples, reason=reason)
        if self.compression is Compression.JPEG:
            return JpegTiles(
                tables=self._page.jpegtables or b"",
                colour=self.colour,
                samples=self.samples,
                bits=self.bits,
                tile_columns=self.grid.tile_columns,
                tile_rows=rows,
                bits_stored=self.form.significant_bits,
                every_process=self.form.significant_bits is not None,
            )
        return Jpeg2000Tiles(
            colour=self.colour,
            samples=self.samples,
            bits=self.bits,
            tile_columns=self.grid.tile_columns,
            tile_rows=rows,
            bits_stored=self.form.significant_bits,
        )

    def _why_decoded(self) -> Reason | None:
        """Return what keeps each tile of the image from being a frame, whatever its codestream says."""
        if self.planes > 1:
            return Reason.SAMPLES_IN_PLANES
        if self.compression is Compression.OTHER:
            return Reason.CODEC_NOT_IN_DICOM
        if self.form.signed:
            return Reason.SIGNED_SAMPLES
        if self.form.stored_samples > self.samples:
            return Reason.EXTRA_SAMPLES
        # Frames of white that is zero would be MONOCHROME1, those of a palette have no colours.
        negative = int(self._page.photometric) == MINISWHITE
        return Reason.PHOTOMETRIC_NOT_IN_IOD if negative or self.form.palette else None


def _compression(page: tifffile.TiffPage, uri: str) -> Compression:
    value = int(page.compression)
    if value not in tifffile.COMPRESSION.__members__.values():
        raise SourceError(f"{uri}: Compression {value} is not a TIFF compression that is known here", uri=uri)
    if value == _JPEG:
        return Compression.JPEG
    return Compression.JPEG_2000 if value in JPEG_2000 else Compression.OTHER
