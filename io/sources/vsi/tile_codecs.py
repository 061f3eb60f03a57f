"""Tiles that cannot be frames: raw, PNG and BMP. JPEG and JPEG 2000 have codecs of their own, which let them pass."""

import imagecodecs
import numpy as np

from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.io.sources.png import check_png, png_size
from pipeline.io.sources.tiff.alpha import in_native_order
from pipeline.io.sources.vsi.ets import EtsCodec, EtsFile
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels

_BMP_SIZE = slice(18, 26)


def tile_codec(ets: EtsFile) -> TileCodec:
    """Return the codec of all tiles of a file."""
    gray = ets.samples == 1
    if ets.codec in (EtsCodec.JPEG, EtsCodec.JPEG_LOSSLESS):
        return JpegTiles(
            tables=b"",
            colour=TaggedColour.GRAY if gray else TaggedColour.YCBCR,
            samples=ets.samples,
            bits=ets.bits,
            tile_columns=ets.tile_columns,
            tile_rows=ets.tile_rows,
        )
    if ets.codec is EtsCodec.JPEG_2000:
        return Jpeg2000Tiles(
            colour=TaggedColour.GRAY if gray else TaggedColour.RGB,
            samples=ets.samples,
            bits=ets.bits,
            tile_columns=ets.tile_columns,
            tile_rows=ets.tile_rows,
        )
    return RasterTiles(ets)


class RasterTiles:
    """Raw, PNG and BMP tiles of an ETS file: a `TileCodec` by which none passes."""

    def __init__(self, ets: EtsFile) -> None:
        self._codec = ets.codec
        self._bgr = ets.bgr
        self._shape = (ets.tile_rows, ets.tile_columns, ets.samples)
        self._dtype = np.dtype(f"<u{ets.bits // 8}")

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say why not."""
        return Reason.CODEC_NOT_IN_DICOM

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray. CodecError for another size, also before it is decoded."""
        if self._codec is EtsCodec.RAW:
            size = self._shape[0] * self._shape[1] * self._shape[2] * self._dtype.itemsize
            if len(tile) < size:
                raise CodecError(f"the raw tile has {len(tile)} bytes, not {size}")
            pixels = np.frombuffer(tile, self._dtype, count=size // self._dtype.itemsize).reshape(self._shape)
            return in_native_order(pixels[..., ::-1] if self._bgr and self._shape[2] == 3 else pixels)
        data = bytes(tile)
        columns, rows = png_size(data) if self._codec is EtsCodec.PNG else _bmp_size(data)
        if (rows, columns) != self._shape[:2]:
            raise CodecError(f"the tile has {columns} x {rows} pixels, not {self._shape[1]} x {self._shape[0]}")
        if self._codec is EtsCodec.PNG:
            check_png(data)
        decode = imagecodecs.png_decode if self._codec is EtsCodec.PNG else imagecodecs.bmp_decode
        try:
            decoded = np.asarray(decode(data))
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"the tile does not decode: {error}") from error
        shaped = decoded[..., np.newaxis] if decoded.ndim == 2 else decoded
        if shaped.shape != self._shape or shaped.dtype.itemsize != self._dtype.itemsize:
            raise CodecError(f"the tile decodes to {shaped.shape} {shaped.dtype}, not to {self._shape} {self._dtype}")
        return in_native_order(shaped)


def _bmp_size(data: bytes) -> tuple[int, int]:
    if data[:2] != b"BM" or len(data) < _BMP_SIZE.stop:
        raise CodecError("the tile is no BMP")
    columns, rows = (int.from_bytes(data[_BMP_SIZE][n : n + 4], "little", signed=True) for n in (0, 4))
    return columns, abs(rows)
