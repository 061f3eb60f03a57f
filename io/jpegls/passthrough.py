"""Which JPEG-LS frames pass, and as what (PS3.5 8.2.3, A.4.3).

The codestream decides: NEAR 0 is JPEG-LS Lossless, more is JPEG-LS Near-lossless. It does not tell what its components
are; the data set does. Frames are the bytes from SOI to EOI as they are.
"""

import imagecodecs

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpegls.markers import codestream_end, parse_header
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_PHOTOMETRICS = {TaggedColour.GRAY: Photometric.MONOCHROME2, TaggedColour.RGB: Photometric.RGB}
"""YCbCr at full width is YBR_FULL, no term of the IOD (PS3.3 C.8.12.4.1.5)."""


class JpegLsTiles:
    """The JPEG-LS tiles of one image: a `TileCodec`."""

    def __init__(
        self, *, colour: TaggedColour, samples: int, bits: int, bits_stored: int, tile_columns: int, tile_rows: int
    ) -> None:
        """Take what the container says: colour, samples a pixel, bits allocated and stored, tile size in pixels."""
        self._colour = TaggedColour.GRAY if samples == 1 else colour
        self._bits = bits
        self._bits_stored = bits_stored
        self._shape = (tile_rows, tile_columns, samples)

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Return the codestream as a frame, or why it is none."""
        try:
            header = parse_header(tile)
            end = codestream_end(tile)
        except CodecError:
            return Reason.JPEG_LS_MALFORMED
        rows, columns, samples = self._shape
        photometric = _PHOTOMETRICS.get(self._colour)
        if header.components != samples:
            return Reason.SAMPLES_PER_PIXEL_DIFFER
        if header.precision != self._bits_stored:
            return Reason.SAMPLE_DEPTH_DIFFERS
        if (header.rows, header.columns) != (rows, columns):
            return Reason.TILE_SIZE_DIFFERS
        if photometric is None or header.subsampled:
            return Reason.PHOTOMETRIC_NOT_IN_IOD
        syntax = TransferSyntax.JPEG_LS_NEAR_LOSSLESS if header.near else TransferSyntax.JPEG_LS_LOSSLESS
        return PassedTile(b"", 0, end, syntax, photometric, header.near == 0)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray, uint8 or uint16, whatever the interleaving is.

        CodecError for a frame that is cut short, of another size, or that CharLS refuses. Sizes are compared before
        anything is decoded.
        """
        header, end = parse_header(tile), codestream_end(tile)
        shape = (header.rows, header.columns, header.components)
        if shape != self._shape or (header.precision > 8) != (self._bits > 8):
            raise CodecError(
                f"JPEG-LS: the frame is {shape} of {header.precision} bits, not {self._shape} uint{self._bits}"
            )
        try:
            pixels = imagecodecs.jpegls_decode(bytes(tile[:end]))
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"JPEG-LS: CharLS does not decode the frame: {error}") from error
        pixels = pixels.reshape(self._shape)
        return ycbcr_to_rgb(pixels, header.precision) if self._colour is TaggedColour.YCBCR else pixels
