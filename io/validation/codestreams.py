"""What a frame's own header says, for every codec that DICOM has a transfer syntax for.

The frame is recognised by its first bytes and not by the transfer syntax, because the two may disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.io.jpeg import markers as jpeg
from pipeline.io.jpeg2000 import markers as jpeg2000
from pipeline.io.jpeg2000.boxes import find_codestream
from pipeline.io.jpegls import markers as jpegls
from pipeline.io.jpegxl import header as jpegxl
from pipeline.io.jpegxl.boxes import holds_jpeg, is_container, is_jpeg_xl
from pipeline.io.validation.rle import parse_rle
from pipeline.model.errors import CodecError

_LOSSLESS_PROCESSES = (0xC3, 0xC7, 0xCB, 0xCF)
"""SOF3, SOF7, SOF11 and SOF15."""


class Coding(StrEnum):
    """The standard that a codestream follows."""

    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    JPEG_XL = "JPEG XL"
    RLE = "RLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codestream:
    """A frame's header, or why it has none that can be read. None: the codec does not tell."""

    frame: int
    """Counted from 0 in its file."""
    coding: Coding | None
    fault: str = ""
    complete: bool = True
    """The end marker is there, with at most a pad byte behind it."""
    in_file_format: bool = False
    """The codestream is wrapped in boxes."""
    columns: int | None = None
    rows: int | None = None
    components: int | None = None
    bits: int | None = None
    signed: bool = False
    reversible: bool | None = None
    """Nothing is lost by this compression."""
    jpeg_header: jpeg.JpegHeader | None = None
    jpeg2000_header: jpeg2000.CodestreamHeader | None = None
    reconstructs_jpeg: bool = False
    """JPEG XL: a JPEG can be made of it again, bit for bit."""


def read_codestream(frame: int, head: bytes, tail: bytes, *, rle: bool) -> Codestream:
    """Parse the first bytes of a frame and look at its last ones; RLE has no signature and must be announced."""
    parse: Callable[[int, bytes], Codestream]
    coding: Coding | None = None
    if rle:
        coding, parse = Coding.RLE, _rle
    elif head[:2] == b"\xff\xd8":
        is_ls = b"\xff\xf7" in head[:4096] and jpegls.begins_jpeg_ls(head)
        coding, parse = (Coding.JPEG_LS, _jpeg_ls) if is_ls else (Coding.JPEG, _jpeg)
    elif head[:4] in (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0c") and not is_jpeg_xl(head):
        coding, parse = Coding.JPEG_2000, _jpeg2000
    elif is_jpeg_xl(head):
        coding, parse = Coding.JPEG_XL, _jpeg_xl
    else:
        shown = head[:4].hex(" ").upper() or "nothing"
        return Codestream(frame=frame, coding=None, fault=f"it begins with {shown}, which is no codec's signature")
    try:
        parsed = parse(frame, head)
    except CodecError as error:
        return Codestream(frame=frame, coding=coding, fault=error.message)
    if coding in (Coding.JPEG_XL, Coding.RLE):
        return parsed
    return replace(parsed, complete=_ends(tail))


def _ends(tail: bytes) -> bool:
    """Whether EOI or EOC stands at the end, before nothing but padding."""
    return tail.rstrip(b"\0").endswith(b"\xff\xd9")


def _jpeg(frame: int, head: bytes) -> Codestream:
    header = jpeg.parse_header(head)
    return Codestream(
        frame=frame,
        coding=Coding.JPEG,
        columns=header.columns,
        rows=header.rows,
        components=len(header.components),
        bits=header.precision,
        reversible=header.frame_marker in _LOSSLESS_PROCESSES and header.point_transform == 0,
        jpeg_header=header,
    )


def _jpeg_ls(frame: int, head: bytes) -> Codestream:
    header = jpegls.parse_header(head)
    return Codestream(
        frame=frame,
        coding=Coding.JPEG_LS,
        columns=header.columns,
        rows=header.rows,
        components=header.components,
        bits=header.precision,
        reversible=header.near == 0,
    )


def _jpeg2000(frame: int, head: bytes) -> Codestream:
    span = find_codestream(head)
    header = jpeg2000.parse_codestream(head[span.start : span.end])
    return Codestream(
        frame=frame,
        coding=Coding.JPEG_2000,
        in_file_format=span.start > 0,
        columns=header.columns,
        rows=header.rows,
        components=len(header.components),
        bits=max(component.precision for component in header.components),
        signed=any(component.signed for component in header.components),
        # A reversible wavelet may be cut short all the same; the main header does not tell.
        reversible=None if header.reversible else False,
        jpeg2000_header=header,
    )


def _jpeg_xl(frame: int, head: bytes) -> Codestream:
    header = jpegxl.parse_header(head)
    return Codestream(
        frame=frame,
        coding=Coding.JPEG_XL,
        in_file_format=is_container(head),
        columns=header.columns,
        rows=header.rows,
        components=header.samples,
        bits=header.precision,
        reversible=False if header.is_xyb else None,
        reconstructs_jpeg=holds_jpeg(head),
    )


def _rle(frame: int, head: bytes) -> Codestream:
    return Codestream(frame=frame, coding=Coding.RLE, components=parse_rle(head), reversible=True)
