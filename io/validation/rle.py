"""The header of an RLE frame (PS3.5 G.5)."""

import struct
from itertools import pairwise

from pipeline.model.errors import CodecError

_HEADER_BYTES = 64
_MOST_SEGMENTS = 15


def parse_rle(head: bytes) -> int:
    """Return the number of segments, one a byte plane; CodecError when the header is malformed."""
    if len(head) < _HEADER_BYTES:
        raise CodecError(f"RLE: the header has {len(head)} of {_HEADER_BYTES} bytes")
    count, *offsets = struct.unpack_from("<16I", head)
    if not 1 <= count <= _MOST_SEGMENTS:
        raise CodecError(f"RLE: the header counts {count} segments")
    used = offsets[:count]
    if used[0] != _HEADER_BYTES or any(b <= a for a, b in pairwise(used)) or any(offsets[count:]):
        raise CodecError("RLE: the segments' offsets do not ascend from byte 64")
    return int(count)
