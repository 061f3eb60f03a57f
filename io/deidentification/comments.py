"""Comments in compressed frames: text and pictures that a scanner may put beside the pixels of each tile.

A passing frame keeps the bytes of its scan. Of what stands before it, comments and application data that no decoder
goes by are left out: COM of JPEG, and all APPn but JFIF and Adobe (ITU-T T.81 B.2.4); COM in the main header of JPEG
2000 (ITU-T T.800 A.9.2).
"""

_SOI, _SOS = b"\xff\xd8", 0xDA
_COM = 0xFE
_NEEDED = {0xE0: (b"JFIF\0", b"JFXX\0"), 0xEE: (b"Adobe",)}
"""APP0 and APP14: what a decoder goes by."""
_SOC, _SOT, _J2K_COM = b"\xff\x4f", 0x90, b"\x64"


def without_comments(head: bytes) -> bytes:
    """Return the marker segments before the scan of a JPEG, or the main header of JPEG 2000, without comments.

    What follows either comes back as it is, and so does what is neither.
    """
    if head.startswith(_SOI):
        return _SOI + b"".join(s for s in _segments(head, _SOS) if not _is_jpeg_comment(s))
    if head.startswith(_SOC):
        return _SOC + b"".join(s for s in _segments(head, _SOT) if s[1:2] != _J2K_COM)
    return head


def _segments(head: bytes, last: int) -> list[bytes]:
    """Return marker segments from byte 2 on, the last marker and all behind it as one."""
    segments, at = [], 2
    while at + 4 <= len(head) and head[at] == 0xFF and head[at + 1] != last:
        end = at + 2 + int.from_bytes(head[at + 2 : at + 4], "big")
        segments.append(head[at:end])
        at = end
    return [*segments, head[at:]]


def _is_jpeg_comment(segment: bytes) -> bool:
    marker = segment[1] if len(segment) > 1 else 0
    if marker == _COM:
        return True
    return 0xE0 <= marker <= 0xEF and not segment[4:].startswith(_NEEDED.get(marker, ()))
