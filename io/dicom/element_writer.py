"""Data elements as bytes, for what is written anew with each frame (PS3.5 7.1). Little endian, explicit or implicit VR.

A handful of elements differ from frame to frame. Made as data sets they would take longer than reading the frame.
"""

import struct

from pipeline.io.dicom.elements import LONG_VRS
from pipeline.io.dicom.offset_table import ITEM_TAG


class ElementWriter:
    """Writes elements in one encoding."""

    def __init__(self, *, implicit: bool) -> None:
        self._implicit = implicit

    def element(self, tag: int, vr: bytes, value: bytes, *, length: int | None = None) -> bytes:
        """Return an element of a value of even length. `length`: what the header says instead of the value's own."""
        said = len(value) if length is None else length
        head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        if self._implicit:
            return head + struct.pack("<I", said) + value
        if vr in LONG_VRS:
            return head + vr + struct.pack("<HI", 0, said) + value
        return head + vr + struct.pack("<H", said) + value

    def text(self, tag: int, vr: bytes, value: str) -> bytes:
        """Return an element of ASCII text, padded to even length: UI with a null, all others with a space."""
        data = value.encode("ascii")
        pad = (b"\0" if vr == b"UI" else b" ") * (len(data) % 2)
        return self.element(tag, vr, data + pad)

    def number(self, tag: int, vr: bytes, *values: int) -> bytes:
        """Return an element of 32 bits a value: SL or UL."""
        return self.element(tag, vr, struct.pack(f"<{len(values)}{'i' if vr == b'SL' else 'I'}", *values))

    def sequence(self, tag: int, *items: bytes) -> bytes:
        """Return a sequence of items, each given as the bytes of its elements; all lengths are defined."""
        return self.element(tag, b"SQ", b"".join(map(item_bytes, items)))


def item_bytes(value: bytes) -> bytes:
    """Return an item: of a sequence, or of encapsulated pixel data (PS3.5 7.5.1, A.4)."""
    return ITEM_TAG + struct.pack("<I", len(value)) + value
