"""Which codecs this installation has: builds of imagecodecs differ in the libraries that they come with."""

from collections.abc import Iterable

import imagecodecs

from pipeline.model.errors import CodecError
from pipeline.model.source import Compression
from pipeline.model.transfer_syntaxes import TransferSyntax

_OF_COMPRESSION = {
    Compression.JPEG: ("JPEG8",),
    Compression.JPEG_2000: ("JPEG2K", "HTJ2K"),
    Compression.JPEG_LS: ("JPEGLS",),
    Compression.JPEG_XL: ("JPEGXL",),
    Compression.RLE: ("PACKBITS",),
}
_HTJ2K = (TransferSyntax.HTJ2K, TransferSyntax.HTJ2K_LOSSLESS, TransferSyntax.HTJ2K_LOSSLESS_RPCL)


def check_encoder(syntax: TransferSyntax) -> None:
    """Raise CodecError unless frames of a transfer syntax can be encoded here, and decoded again."""
    if not syntax.is_encapsulated:
        return
    if syntax in _HTJ2K:
        names: tuple[str, ...] = ("HTJ2K", "JPEG2K")
    elif syntax.is_jpeg_xl_family:
        names = ("JPEGXL", "JPEG8") if syntax is TransferSyntax.JPEG_XL_RECOMPRESSION else ("JPEGXL",)
    elif syntax.is_jpeg_family:
        names = ("JPEG8",)
    elif syntax.is_jpeg_2000_family:
        names = ("JPEG2K",)
    else:
        names = ("JPEGLS",) if syntax.is_jpeg_ls_family else ("PACKBITS",)
    _check(names, f"frames of {syntax.option}")


def check_decoder(compression: Compression) -> None:
    """Raise CodecError unless tiles of a compression can be decoded here."""
    _check(_OF_COMPRESSION.get(compression, ()), f"tiles of {compression.value}")


def _check(names: Iterable[str], what: str) -> None:
    missing = [name for name in names if not getattr(imagecodecs, name).available]
    if missing:
        raise CodecError(
            f"{what} need {' and '.join(missing)} of imagecodecs, which this build of it ({imagecodecs.__version__}) "
            "is without: install a wheel of it from PyPI, or one that is built with it"
        )
