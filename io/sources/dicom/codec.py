"""From frames to pixels: those of codecs through their tile codec, native ones here; signs and MONOCHROME1 undone.

Pixels come out as unsigned gray, where more is brighter, or RGB: what the WSM IOD writes (PS3.3 C.8.12.4.1.5). A frame
whose samples mean something else than that is decoded and never passes.
"""

from typing import cast

import numpy as np

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.codecs.registry import tile_codec_for
from pipeline.io.sources.dicom.instance import FrameFormat
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax

_MONOCHROME1 = "MONOCHROME1"
_WITHOUT_SIGN = (TransferSyntax.RLE_LOSSLESS, TransferSyntax.JPEG_LS_LOSSLESS, TransferSyntax.JPEG_LOSSLESS_SV1)
"""Compressed syntaxes whose codecs know no signs, so that the bits of signed samples come out as they are."""


def frame_codec(form: FrameFormat) -> TileCodec:
    """Return the codec of frames that are stored so. Raises CodecError where there is none."""
    if not form.transfer_syntax.is_encapsulated:
        return NativeTiles(form)
    if form.signed and form.transfer_syntax not in _WITHOUT_SIGN:
        raise CodecError(f"signed samples in frames of {form.transfer_syntax.option} are not read")
    codec = tile_codec_for(
        form.transfer_syntax,
        "MONOCHROME2" if form.photometric == _MONOCHROME1 else form.photometric,
        samples=form.samples,
        bits=form.bits,
        bits_stored=form.bits_stored,
        columns=form.columns,
        rows=form.rows,
    )
    return AdjustedTiles(codec, form) if form.signed or form.photometric == _MONOCHROME1 else codec


class NativeTiles:
    """Frames of native pixel data (PS3.5 8.1.1, A.2): a `TileCodec` of which none passes."""

    def __init__(self, form: FrameFormat) -> None:
        self._form = form

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say why not."""
        return _why_adjusted(self._form) or Reason.NATIVE_FRAMES

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples) of RGB or gray; CodecError for a frame of another length."""
        form = self._form
        if len(tile) != form.native_bytes:
            raise CodecError(f"a native frame has {form.native_bytes} bytes, not {len(tile)}")
        stored = np.frombuffer(tile, f"<u{form.bits // 8}")
        if form.photometric == "YBR_FULL_422":
            # Two pixels share their chroma: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2).
            pairs = stored.reshape(form.rows, form.columns // 2, 4)
            pixels = pairs[:, :, [[0, 2, 3], [1, 2, 3]]].reshape(form.rows, form.columns, 3)
        elif form.planar:
            pixels = np.moveaxis(stored.reshape(form.samples, form.rows, form.columns), 0, -1)
        else:
            pixels = stored.reshape(form.rows, form.columns, form.samples)
        adjusted = adjust(pixels, form)
        return ycbcr_to_rgb(adjusted, form.bits_stored) if form.photometric.startswith("YBR") else adjusted


class AdjustedTiles:
    """Compressed frames whose samples have a sign, or of which less is brighter: a `TileCodec` of which none passes."""

    def __init__(self, codec: TileCodec, form: FrameFormat) -> None:
        self._codec = codec
        self._form = form

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say why not."""
        return _why_adjusted(self._form) or self._codec.pass_tile(tile)

    def decode(self, tile: Buffer) -> Pixels:
        """Return the pixels unsigned, and as MONOCHROME2."""
        return adjust(self._codec.decode(tile), self._form)


def adjust(pixels: Pixels, form: FrameFormat) -> Pixels:
    """Return samples without what is above Bits Stored, shifted by half their range if signed, MONOCHROME1 inverted."""
    native = cast(Pixels, np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("=")))
    top = (1 << form.bits_stored) - 1
    if form.bits_stored < form.bits:
        native = native & native.dtype.type(top)
    if form.signed:
        native = native ^ native.dtype.type(1 << (form.bits_stored - 1))
    return native.dtype.type(top) - native if form.photometric == _MONOCHROME1 else native


def _why_adjusted(form: FrameFormat) -> Reason | None:
    if form.signed:
        return Reason.SIGNED_SAMPLES
    return Reason.PHOTOMETRIC_NOT_IN_IOD if form.photometric == _MONOCHROME1 else None
