"""The codec of a transfer syntax: encoders for what is written, one decoder for what readers show."""

from collections.abc import Callable
from functools import lru_cache

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import EncoderSettings, FrameEncoder, TileCodec
from pipeline.io.codecs.htj2k import Htj2kEncoder
from pipeline.io.codecs.jpeg import JpegEncoder
from pipeline.io.codecs.jpeg2000 import Jpeg2000Encoder
from pipeline.io.codecs.jpeg2000_subsampled import SubsampledJpeg2000Encoder
from pipeline.io.codecs.native import NativeEncoder, decode_native
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.model.errors import CodecError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_ENCODERS: dict[TransferSyntax, Callable[[EncoderSettings], FrameEncoder]] = {
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: NativeEncoder,
    TransferSyntax.JPEG_BASELINE: JpegEncoder,
    TransferSyntax.JPEG_2000_LOSSLESS: Jpeg2000Encoder,
    TransferSyntax.JPEG_2000: Jpeg2000Encoder,
    TransferSyntax.HTJ2K_LOSSLESS: Htj2kEncoder,
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: Htj2kEncoder,
}
_COLOURS = {
    "MONOCHROME1": TaggedColour.GRAY,
    "MONOCHROME2": TaggedColour.GRAY,
    "RGB": TaggedColour.RGB,
    "YBR_RCT": TaggedColour.RGB,
    "YBR_ICT": TaggedColour.RGB,
    "YBR_FULL": TaggedColour.YCBCR,
    "YBR_FULL_422": TaggedColour.YCBCR,
}
"""What components are where the codestream does not say: RCT and ICT are inverted by it, so RGB comes out."""
_REMEMBERED_CODECS = 64


def frame_encoder(settings: EncoderSettings) -> FrameEncoder:
    """Return the encoder of an instance; ConfigError when the settings contradict each other."""
    if settings.transfer_syntax.is_jpeg_2000_family and settings.photometric is Photometric.YBR_FULL_422:
        return SubsampledJpeg2000Encoder(settings)
    return _ENCODERS[settings.transfer_syntax](settings)


def decode_frame(
    frame: Buffer,
    *,
    transfer_syntax: TransferSyntax,
    photometric: str,
    rows: int,
    columns: int,
    samples: int,
    bits: int,
) -> Pixels:
    """Return what a viewer shows of one frame: (rows, columns, samples), RGB or gray, uint8 or uint16.

    `photometric` is any Photometric Interpretation of gray, RGB or YBR samples, also those that are never written here;
    the codestream has the first say, as it has for tiles. `bits` are those allocated, 8 or 16. CodecError for a frame
    that is cut short, is of another size, or that the codec refuses.
    """
    colour = _COLOURS.get(photometric)
    if colour is None:
        raise CodecError(f"frames of Photometric Interpretation {photometric} are not decoded")
    if transfer_syntax is TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN:
        pixels = decode_native(frame, (rows, columns, samples), bits)
        return ycbcr_to_rgb(pixels, bits) if colour is TaggedColour.YCBCR else pixels
    return _tile_codec(transfer_syntax, colour, rows, columns, samples, bits).decode(frame)


@lru_cache(_REMEMBERED_CODECS)
def _tile_codec(
    transfer_syntax: TransferSyntax, colour: TaggedColour, rows: int, columns: int, samples: int, bits: int
) -> TileCodec:
    if transfer_syntax is TransferSyntax.JPEG_BASELINE:
        return JpegTiles(tables=b"", colour=colour, samples=samples, bits=bits, tile_columns=columns, tile_rows=rows)
    return Jpeg2000Tiles(colour=colour, samples=samples, bits=bits, tile_columns=columns, tile_rows=rows)
