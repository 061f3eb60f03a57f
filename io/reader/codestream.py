"""Which family of codecs a frame is of, from its first bytes, where nobody says its transfer syntax.

The answer of a DICOMweb server names the media type of each part, which clients do not pass on. It is enough to know
the family: its decoder reads all syntaxes of it.
"""

import struct
from collections.abc import Sequence

from pipeline.io.jpegls.markers import begins_jpeg_ls
from pipeline.io.jpegxl.boxes import is_jpeg_xl
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax

_SOI = b"\xff\xd8"
_JPEG_2000 = (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")
"""SOC with SIZ, and the signature box of a JP2 file (ISO/IEC 15444-1 annexes A and I)."""
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
        return TransferSyntax.JPEG_LS_LOSSLESS if begins_jpeg_ls(frame) else TransferSyntax.JPEG_BASELINE
    if start.startswith(_JPEG_2000):
        return TransferSyntax.JPEG_2000
    if is_jpeg_xl(frame):
        return TransferSyntax.JPEG_XL
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
