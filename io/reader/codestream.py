"""Which family of codecs a frame is of, from its first bytes, where nobody says its transfer syntax.

The answer of a DICOMweb server names the media type of each part, which clients do not pass on. It is enough to know
the family: its decoder reads all syntaxes of it.
"""

import struct
from collections.abc import Sequence

from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax

_SOI = b"\xff\xd8"
_SOF55 = 0xF7
"""JPEG-LS (ISO/IEC 14495-1 annex C)."""
_NO_SOF = (0xC4, 0xC8, 0xCC)
_MAGIC = {
    b"\xff\x4f\xff\x51": TransferSyntax.JPEG_2000,
    b"\x00\x00\x00\x0cjP  ": TransferSyntax.JPEG_2000,
    b"\xff\x0a": TransferSyntax.JPEG_XL,
    b"\x00\x00\x00\x0cJXL ": TransferSyntax.JPEG_XL,
}
_RLE_HEADER = struct.Struct("<16I")


def told_syntax(frame: Buffer, native_bytes: Sequence[int]) -> TransferSyntax:
    """Return a transfer syntax of the frame's family.

    A frame is native when it has one of the given lengths, or one pad byte more. Raises CodecError for a frame of which
    that cannot be told.
    """
    if _is_rle(frame):  # before lengths are looked at: it may have any
        return TransferSyntax.RLE_LOSSLESS
    if any(len(frame) in (length, length + length % 2) for length in native_bytes):
        return TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
    start = bytes(frame[:12])
    if start.startswith(_SOI):
        return TransferSyntax.JPEG_LS_LOSSLESS if _frame_marker(frame) == _SOF55 else TransferSyntax.JPEG_BASELINE
    for magic, syntax in _MAGIC.items():
        if start.startswith(magic):
            return syntax
    raise CodecError(f"a frame of {len(frame)} bytes that begins with {start.hex()} is of no codec that is known")


def _is_rle(frame: Buffer) -> bool:
    """Whether a frame has the header of RLE: a number of segments, where each begins, and zeros (PS3.5 G.5)."""
    if len(frame) < _RLE_HEADER.size:
        return False
    segments, *offsets = _RLE_HEADER.unpack_from(frame)
    used, spare = offsets[:segments], offsets[segments:]
    return (
        bool(used) and used[0] == _RLE_HEADER.size and used == sorted(used) and used[-1] < len(frame) and not any(spare)
    )


def _frame_marker(frame: Buffer) -> int | None:
    """Return the low byte of the marker that begins a JPEG's frame header; None where there is none."""
    at = len(_SOI)
    while at + 4 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == _SOF55 or (0xC0 <= marker <= 0xCF and marker not in _NO_SOF):
            return int(marker)
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None
