"""The codec of a transfer syntax: encoders for what is written, tile codecs for what sources and files hold."""

from collections.abc import Callable
from functools import lru_cache

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import EncoderSettings, FrameEncoder, TileCodec
from pipeline.io.codecs.htj2k import Htj2kEncoder
from pipeline.io.codecs.jpeg import JpegEncoder
from pipeline.io.codecs.jpeg2000 import Jpeg2000Encoder
from pipeline.io.codecs.jpeg2000_subsampled import SubsampledJpeg2000Encoder
from pipeline.io.codecs.jpegls import JpegLsEncoder
from pipeline.io.codecs.jpegxl import JpegXlEncoder, RecompressedJpegEncoder
from pipeline.io.codecs.native import NativeEncoder, decode_native
from pipeline.io.codecs.passed_only import PassedOnlyEncoder
from pipeline.io.codecs.rle import RleEncoder, RleTiles
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.io.jpegls.passthrough import JpegLsTiles
from pipeline.io.jpegxl.passthrough import JpegXlTiles
from pipeline.model.errors import CodecError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_ENCODERS: dict[TransferSyntax, Callable[[EncoderSettings], FrameEncoder]] = {
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: NativeEncoder,
    TransferSyntax.RLE_LOSSLESS: RleEncoder,
    TransferSyntax.JPEG_BASELINE: JpegEncoder,
    TransferSyntax.JPEG_LS_LOSSLESS: JpegLsEncoder,
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: JpegLsEncoder,
    TransferSyntax.JPEG_2000_LOSSLESS: Jpeg2000Encoder,
    TransferSyntax.JPEG_2000: Jpeg2000Encoder,
    TransferSyntax.HTJ2K_LOSSLESS: Htj2kEncoder,
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: Htj2kEncoder,
    TransferSyntax.HTJ2K: Htj2kEncoder,
    TransferSyntax.JPEG_XL_LOSSLESS: JpegXlEncoder,
    TransferSyntax.JPEG_XL_RECOMPRESSION: RecompressedJpegEncoder,
    TransferSyntax.JPEG_XL: JpegXlEncoder,
}
_PART_1 = (TransferSyntax.JPEG_2000_LOSSLESS, TransferSyntax.JPEG_2000)
_COLOURS = {
    "MONOCHROME1": TaggedColour.GRAY,
    "MONOCHROME2": TaggedColour.GRAY,
    "RGB": TaggedColour.RGB,
    "XYB": TaggedColour.RGB,
    "YBR_RCT": TaggedColour.RGB,
    "YBR_ICT": TaggedColour.RGB,
    "YBR_FULL": TaggedColour.YCBCR,
    "YBR_FULL_422": TaggedColour.YCBCR,
}
"""What components are where the codestream does not say: XYB, RCT and ICT are inverted by it, so RGB comes out."""
_REMEMBERED_CODECS = 64


def frame_encoder(settings: EncoderSettings) -> FrameEncoder:
    """Return the encoder of an instance; ConfigError when the settings contradict each other."""
    syntax, photometric = settings.transfer_syntax, settings.photometric
    if syntax.is_only_passed or (syntax is TransferSyntax.JPEG_XL and photometric is Photometric.XYB):
        return PassedOnlyEncoder(settings)
    if syntax in _PART_1 and photometric is Photometric.YBR_FULL_422:
        return SubsampledJpeg2000Encoder(settings)
    return _ENCODERS[syntax](settings)


def tile_codec_for(
    transfer_syntax: TransferSyntax,
    photometric: str,
    *,
    samples: int,
    bits: int,
    bits_stored: int,
    columns: int,
    rows: int,
) -> TileCodec:
    """Return the codec of the compressed frames of a DICOM image, to pass them on or to decode them.

    `photometric` is the image's Photometric Interpretation, `bits` are allocated (8 or 16), `columns` and `rows` are
    those of a frame. The codestream decides which transfer syntax of its family a frame is; JPEG XL does not tell, and
    is what the image says. CodecError for a colour model that is neither passed on nor decoded: MONOCHROME1, which the
    IOD does not have (PS3.3 C.8.12.4.1.5), PALETTE COLOR; and for native frames, which are no tiles of a codec.
    """
    colour = _COLOURS.get(photometric)
    if colour is None or photometric == "MONOCHROME1" or not transfer_syntax.is_encapsulated:
        raise CodecError(f"{transfer_syntax.option} frames of Photometric Interpretation {photometric} cannot pass")
    return _tile_codec(transfer_syntax, colour, rows, columns, samples, bits, bits_stored)


def decode_frame(
    frame: Buffer,
    *,
    transfer_syntax: TransferSyntax,
    photometric: str,
    rows: int,
    columns: int,
    samples: int,
    bits: int,
    bits_stored: int | None = None,
) -> Pixels:
    """Return what a viewer shows of one frame: (rows, columns, samples), RGB or gray, uint8 or uint16.

    `photometric` is any Photometric Interpretation of gray, RGB or YBR samples, also those that are never written here;
    the codestream has the first say, as it has for tiles. `bits` are those allocated, 8 or 16; `bits_stored` None is
    all of them. CodecError for a frame that is cut short, is of another size, or that the codec refuses.
    """
    colour = _COLOURS.get(photometric)
    if colour is None:
        raise CodecError(f"frames of Photometric Interpretation {photometric} are not decoded")
    if transfer_syntax is TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN:
        pixels = decode_native(frame, (rows, columns, samples), bits)
        return ycbcr_to_rgb(pixels, bits_stored or bits) if colour is TaggedColour.YCBCR else pixels
    return _remembered_codec(transfer_syntax, colour, rows, columns, samples, bits, bits_stored or bits).decode(frame)


def _tile_codec(
    transfer_syntax: TransferSyntax,
    colour: TaggedColour,
    rows: int,
    columns: int,
    samples: int,
    bits: int,
    bits_stored: int,
) -> TileCodec:
    if transfer_syntax.is_jpeg_xl_family:
        return JpegXlTiles(
            transfer_syntax=transfer_syntax,
            colour=colour,
            samples=samples,
            bits=bits,
            bits_stored=bits_stored,
            tile_columns=columns,
            tile_rows=rows,
        )
    if transfer_syntax.is_jpeg_family:
        return JpegTiles(
            tables=b"",
            colour=colour,
            samples=samples,
            bits=bits,
            bits_stored=bits_stored,
            tile_columns=columns,
            tile_rows=rows,
            every_process=True,
        )
    family = (
        JpegLsTiles
        if transfer_syntax.is_jpeg_ls_family
        else RleTiles
        if transfer_syntax is TransferSyntax.RLE_LOSSLESS
        else Jpeg2000Tiles
    )
    return family(
        colour=colour, samples=samples, bits=bits, bits_stored=bits_stored, tile_columns=columns, tile_rows=rows
    )


_remembered_codec = lru_cache(_REMEMBERED_CODECS)(_tile_codec)
