"""Where the codestream is in a JPEG XL container (ISO/IEC 18181-2): one `jxlc` box, or `jxlp` boxes in order.

A DICOM frame is a bare codestream or a container; JPEG recompression needs the container, whose `jbrd` box holds what
of the JPEG the codestream does not (PS3.5 8.2.15).
"""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer

_SIGNATURE = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_BARE = b"\xff\x0a"
_PART_NUMBER_BYTES = 4


class Box(NamedTuple):
    """A box: bytes `start` to `end` are its contents."""

    kind: bytes
    start: int
    end: int


def is_container(frame: Buffer) -> bool:
    """Whether the frame begins as a container does."""
    return bytes(frame[: len(_SIGNATURE)]) == _SIGNATURE


def is_jpeg_xl(frame: Buffer) -> bool:
    """Whether the frame begins as a container or as a bare codestream does."""
    return bytes(frame[: len(_BARE)]) == _BARE or is_container(frame)


def boxes(frame: Buffer) -> Iterator[Box]:
    """Yield the boxes of a container, one byte of padding left out; CodecError where they cannot be followed."""
    position, size = 0, len(frame)
    while position < size:
        if position == size - 1 and frame[position] == 0:
            return
        length = int.from_bytes(frame[position : position + 4], "big")
        start = position + 8
        if length == 1:
            length = int.from_bytes(frame[start : start + 8], "big")
            start += 8
        end = size if length == 0 else position + length
        if not start <= end <= size:
            raise CodecError(f"JPEG XL: no box can be followed at byte {position} of {size}")
        yield Box(bytes(frame[position + 4 : position + 8]), start, end)
        position = end


def codestream_beginning(frame: Buffer, most: int) -> bytes:
    """Return the first `most` bytes of the codestream, fewer where it is shorter; CodecError when there is none."""
    if bytes(frame[:2]) == _BARE:
        return bytes(frame[:most])
    if not is_container(frame):
        raise CodecError("JPEG XL: the frame begins neither as a codestream nor as a container")
    found = b""
    for box in boxes(frame):
        if box.kind in (b"jxlc", b"jxlp"):
            start = box.start + (_PART_NUMBER_BYTES if box.kind == b"jxlp" else 0)
            found += bytes(frame[start : min(box.end, start + most - len(found))])
        if len(found) >= most:
            break
    if not found.startswith(_BARE):
        raise CodecError("JPEG XL: the container holds no codestream")
    return found


def frame_end(frame: Buffer) -> int:
    """Return the offset behind the last box; a bare codestream does not tell its end."""
    end = len(frame)
    if is_container(frame):
        for box in boxes(frame):
            end = box.end
    return end


def holds_jpeg(frame: Buffer) -> bool:
    """Whether the container has what brings back the JPEG; CodecError for broken boxes."""
    return is_container(frame) and any(box.kind == b"jbrd" for box in boxes(frame))
