"""The frame in the items that hold it: one, or several fragments that are joined (PS3.5 A.4)."""

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.model.tiles import Buffer


def joined_fragments(items: Buffer, *, without_pad: bool = False) -> Buffer | None:
    """Return the values of items that follow each other, joined; a view where there is one only.

    `without_pad`: the bytes end before the last item's pad byte. None where the items do not fill the bytes.
    """
    view, at, fragments = memoryview(items), 0, list[memoryview]()
    while at + ITEM_HEADER_BYTES <= len(view):
        length = int.from_bytes(view[at + 4 : at + ITEM_HEADER_BYTES], "little")
        if view[at : at + 4] != ITEM_TAG or length > len(view) - at - ITEM_HEADER_BYTES + without_pad:
            return None
        at += ITEM_HEADER_BYTES
        fragments.append(view[at : at + length])
        at += length
    if not fragments or at not in (len(view), len(view) + without_pad):
        return None
    return fragments[0] if len(fragments) == 1 else b"".join(fragments)
