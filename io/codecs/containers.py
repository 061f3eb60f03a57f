"""In which transfer syntax a codestream passes where another one was asked for: only the container differs.

An instance says of its frames as much as is true. A codestream that loses nothing keeps the syntax that says so where
one is asked for that may be either: .90 in .91 (PS3.5 A.4.4), .80 in .81 (A.4.3), .201 and .202 in .203 (10.18),
.110 in .112 (A.4.12). A codestream that meets the rules of HTJ2K Lossless RPCL is one of HTJ2K Lossless, too, and is
called that where that is asked for. Everything else is another codestream.
"""

from pipeline.model.transfer_syntaxes import TransferSyntax

_HOLDS: dict[TransferSyntax, tuple[TransferSyntax, ...]] = {
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: (TransferSyntax.JPEG_LS_LOSSLESS,),
    TransferSyntax.JPEG_2000: (TransferSyntax.JPEG_2000_LOSSLESS,),
    TransferSyntax.HTJ2K: (TransferSyntax.HTJ2K_LOSSLESS, TransferSyntax.HTJ2K_LOSSLESS_RPCL),
    TransferSyntax.JPEG_XL: (TransferSyntax.JPEG_XL_LOSSLESS,),
}


def passing_syntax(stored: TransferSyntax, wanted: TransferSyntax) -> TransferSyntax | None:
    """Return the syntax in which a codestream passes; None where it cannot as what is wanted."""
    if stored is wanted or stored in _HOLDS.get(wanted, ()):
        return stored
    if wanted is TransferSyntax.HTJ2K_LOSSLESS and stored is TransferSyntax.HTJ2K_LOSSLESS_RPCL:
        return wanted
    return None


def is_recompressed(stored: TransferSyntax, wanted: TransferSyntax) -> bool:
    """Whether a codestream becomes what is wanted by another coding of its coefficients, and comes back from it."""
    return stored is TransferSyntax.JPEG_BASELINE and wanted is TransferSyntax.JPEG_XL_RECOMPRESSION


def encoding_syntax(wanted: TransferSyntax, *, is_lossy_asked: bool, bits: int) -> TransferSyntax:
    """Return the syntax of what cannot pass and is encoded where `wanted` is the slide's.

    Syntaxes that hold both kinds lose nothing unless that is asked for: by a quality or a ratio (.91 and .203), or by
    name (.81). What is only passed on gives way to what its readers are likely to know.
    """
    if wanted is TransferSyntax.JPEG_EXTENDED and bits == 8:
        return TransferSyntax.JPEG_BASELINE
    return wanted if is_lossy_asked else _GIVES_WAY_TO.get(wanted, wanted)


_GIVES_WAY_TO = {
    TransferSyntax.JPEG_EXTENDED: TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.JPEG_LOSSLESS: TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.JPEG_LOSSLESS_SV1: TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: TransferSyntax.JPEG_LS_LOSSLESS,
    TransferSyntax.JPEG_2000: TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.HTJ2K: TransferSyntax.HTJ2K_LOSSLESS_RPCL,
    TransferSyntax.JPEG_XL: TransferSyntax.JPEG_XL_LOSSLESS,
}
