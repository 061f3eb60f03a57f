"""Which JPEG XL frames pass, and as what (PS3.5 8.2.15, A.4.12).

Bare codestreams and containers pass as they are. Whether a codestream is lossless cannot be told from its header, and
what its components are only in part: the data set says both.

    transfer syntax          Photometric Interpretation
    -----------------------  --------------------------------------------------------
    JPEG XL Lossless         MONOCHROME2, RGB; XYB is refused
    JPEG XL Recompression    that of the JPEG: MONOCHROME2, YBR_FULL_422, RGB
    JPEG XL                  XYB where the codestream says it; MONOCHROME2, RGB
"""

import imagecodecs
import numpy as np

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpegxl.boxes import frame_end, holds_jpeg
from pipeline.io.jpegxl.header import parse_header
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class JpegXlTiles:
    """The JPEG XL tiles of one image: a `TileCodec`."""

    def __init__(
        self,
        *,
        transfer_syntax: TransferSyntax,
        colour: TaggedColour,
        samples: int,
        bits: int,
        bits_stored: int,
        tile_columns: int,
        tile_rows: int,
    ) -> None:
        """Take what the data set says: syntax, colour, samples a pixel, bits allocated and stored, tile size."""
        self._syntax = transfer_syntax
        self._colour = TaggedColour.GRAY if samples == 1 else colour
        self._bits = bits
        self._bits_stored = bits_stored
        self._shape = (tile_rows, tile_columns, samples)

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Return the frame as it is, or why it is none."""
        try:
            header, end = parse_header(tile), frame_end(tile)
            recompressed = holds_jpeg(tile)
        except CodecError:
            return Reason.JPEG_XL_MALFORMED
        rows, columns, samples = self._shape
        if header.has_more or header.is_float:
            return Reason.JPEG_XL_NOT_ONE_FRAME
        if header.samples != samples:
            return Reason.SAMPLES_PER_PIXEL_DIFFER
        if header.precision != self._bits_stored:
            return Reason.SAMPLE_DEPTH_DIFFERS
        if (header.rows, header.columns) != (rows, columns):
            return Reason.TILE_SIZE_DIFFERS
        if self._syntax is TransferSyntax.JPEG_XL_RECOMPRESSION and not recompressed:
            return Reason.JPEG_NOT_RECOMPRESSED
        photometric = self._photometric(is_xyb=header.is_xyb)
        if photometric is None:
            return Reason.PHOTOMETRIC_NOT_IN_IOD
        reversible = self._syntax is TransferSyntax.JPEG_XL_LOSSLESS
        return PassedTile(b"", 0, end, self._syntax, photometric, reversible)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray, uint8 or uint16: libjxl inverts XYB and YCbCr.

        CodecError for a frame that is cut short, of another size, or that libjxl refuses. Sizes are compared before
        anything is decoded.
        """
        header, end = parse_header(tile), frame_end(tile)
        shape = (header.rows, header.columns, header.samples)
        if shape != self._shape or header.has_more or header.is_float:
            raise CodecError(f"JPEG XL: the frame is {shape}, alone or not, and not {self._shape}")
        try:
            pixels = imagecodecs.jpegxl_decode(bytes(tile[:end]), numthreads=1)
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"JPEG XL: libjxl does not decode the frame: {error}") from error
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        if pixels.shape != self._shape or pixels.dtype != np.dtype(f"u{self._bits // 8}"):
            raise CodecError(
                f"JPEG XL: the frame decodes to {pixels.shape} {pixels.dtype}, not to {self._shape} uint{self._bits}"
            )
        return pixels

    def _photometric(self, *, is_xyb: bool) -> Photometric | None:
        if is_xyb:
            return Photometric.XYB if self._syntax is TransferSyntax.JPEG_XL and self._shape[2] == 3 else None
        if self._colour is TaggedColour.GRAY:
            return Photometric.MONOCHROME2
        if self._colour is TaggedColour.RGB:
            return Photometric.RGB
        return Photometric.YBR_FULL_422 if self._syntax is TransferSyntax.JPEG_XL_RECOMPRESSION else None
