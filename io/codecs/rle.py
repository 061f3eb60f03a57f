"""RLE Lossless frames (PS3.5 annex G): bytes of equal significance and sample, a PackBits segment each.

A frame is a header of 64 bytes and one RLE segment a byte segment: the most significant bytes of the first sample,
those of less significance, then the next sample (G.2). Rows are encoded apart from each other (G.3.1), and segments are
padded to even lengths. Planes being separate is the codec's own doing: Planar Configuration of RGB is 0 here as
everywhere (PS3.3 C.7.6.3.1.3), and nothing is converted.
"""

import struct

import imagecodecs
import numpy as np

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_HEADER = struct.Struct("<16I")
_PHOTOMETRICS = {TaggedColour.GRAY: Photometric.MONOCHROME2, TaggedColour.RGB: Photometric.RGB}


class RleEncoder(SettledEncoder):
    """Encodes gray and RGB frames of 2 to 16 bits."""

    def _encoded(self, samples: Pixels) -> bytes:
        planes = samples[..., np.newaxis] if samples.ndim == 2 else samples
        segments = []
        for sample in range(planes.shape[2]):
            for shift in range(self._settings.bits - 8, -1, -8):
                plane = np.ascontiguousarray((planes[..., sample] >> shift).astype(np.uint8))
                segment = bytes(imagecodecs.packbits_encode(plane, axis=-1))
                segments.append(segment + b"\0" * (len(segment) % 2))
        offsets = np.cumsum([_HEADER.size, *(len(segment) for segment in segments[:-1])]).tolist()
        return _HEADER.pack(len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


class RleTiles:
    """The RLE frames of one image: a `TileCodec`."""

    def __init__(
        self, *, colour: TaggedColour, samples: int, bits: int, bits_stored: int, tile_columns: int, tile_rows: int
    ) -> None:
        """Take what the data set says: colour, samples a pixel, bits allocated and stored, tile size in pixels."""
        self._colour = TaggedColour.GRAY if samples == 1 else colour
        self._bits = bits
        self._bits_stored = bits_stored
        self._shape = (tile_rows, tile_columns, samples)

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Return the frame as it is, or why it is none."""
        try:
            self._segments(tile)
        except CodecError:
            return Reason.RLE_MALFORMED
        photometric = _PHOTOMETRICS.get(self._colour)
        if photometric is None:
            return Reason.PHOTOMETRIC_NOT_IN_IOD
        return PassedTile(b"", 0, len(tile), TransferSyntax.RLE_LOSSLESS, photometric, True)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray, uint8 or uint16; CodecError for segments of another length."""
        rows, columns, _ = self._shape
        data = bytes(tile)
        pixels = np.zeros(self._shape, np.dtype(f"u{self._bits // 8}"))
        for number, (start, end) in enumerate(self._segments(tile)):
            sample, significance = divmod(number, self._bits // 8)
            pixels[..., sample] |= _plane(data[start:end], rows, columns, number).astype(pixels.dtype) << (
                self._bits - 8 * (significance + 1)
            )
        return ycbcr_to_rgb(pixels, self._bits_stored) if self._colour is TaggedColour.YCBCR else pixels

    def _segments(self, tile: Buffer) -> list[tuple[int, int]]:
        """Start and end of each RLE segment (G.5)."""
        if len(tile) < _HEADER.size:
            raise CodecError(f"RLE: the frame has {len(tile)} bytes, its header has {_HEADER.size}")
        count, *offsets = _HEADER.unpack(bytes(tile[: _HEADER.size]))
        wanted = self._shape[2] * (self._bits // 8)
        ends = [*offsets[1:count], len(tile)]
        if count != wanted or offsets[0] != _HEADER.size:
            raise CodecError(f"RLE: the frame has {count} segments from byte {offsets[0]}, its pixels have {wanted}")
        spans = list(zip(offsets[:count], ends, strict=True))
        if any(end <= start for start, end in spans):
            raise CodecError(f"RLE: the offsets of the segments do not ascend within {len(tile)} bytes")
        return spans


def _plane(segment: bytes, rows: int, columns: int, number: int) -> Pixels:
    """Decode a segment; bytes behind the last row are padding."""
    limit = rows * columns
    if 128 * len(segment) < limit:
        raise CodecError(f"RLE: segment {number + 1} of {len(segment)} bytes cannot hold {limit} pixels")
    try:
        plane = np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)
    except (RuntimeError, ValueError) as error:
        raise CodecError(f"RLE: segment {number + 1} does not decode: {error}") from error
    if not limit <= len(plane) <= limit + 1:
        raise CodecError(f"RLE: segment {number + 1} decodes to {len(plane)} bytes, not {limit}")
    return plane[:limit].reshape(rows, columns)
