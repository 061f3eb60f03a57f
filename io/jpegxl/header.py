"""The header of a JPEG XL codestream: size, samples, colour (ISO/IEC 18181-1 annex D).

Only what decides whether a frame passes, and what keeps a damaged header from asking for gigabytes. Fields are bits,
least significant first. Whatever the bytes are, the result is a header or a `CodecError`.
"""

from dataclasses import dataclass

from pipeline.io.jpegxl.boxes import codestream_beginning
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer

_MOST_BYTES = 64
_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Width over height by the field `ratio`, from 1 (table D.3)."""
_GREY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegXlHeader:
    """What SizeHeader and ImageMetadata say."""

    columns: int
    rows: int
    precision: int
    """Bits a sample; of floating point samples, too."""
    samples: int
    """1 or 3, without extra channels."""
    is_float: bool
    is_xyb: bool
    """Colour was converted to XYB: lossy."""
    has_more: bool
    """There is an animation, a preview, another orientation or an extra channel."""


class _Bits:
    """Reads fields from bytes."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Return an unsigned number of so many bits."""
        if count > self._left:
            raise CodecError("JPEG XL: the codestream ends within its header")
        field = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return field

    def flag(self) -> bool:
        """Return a Bool()."""
        return bool(self.take(1))

    def u32(self, *distributions: tuple[int, int]) -> int:
        """Return a U32() of four (offset, bits)."""
        offset, bits = distributions[self.take(2)]
        return offset + self.take(bits)


def parse_header(frame: Buffer) -> JpegXlHeader:
    """Read the codestream's header from a frame, with or without a container; CodecError when it cannot be."""
    bits = _Bits(codestream_beginning(frame, _MOST_BYTES)[2:])
    columns, rows = _size(bits)
    if bits.flag():  # all_default: 8 bits, XYB, colour
        return JpegXlHeader(
            columns=columns, rows=rows, precision=8, samples=3, is_float=False, is_xyb=True, has_more=False
        )
    has_more = bits.flag() and _has_odd_fields(bits)
    is_float = bits.flag()
    precision = bits.u32((32, 0), (16, 0), (24, 0), (1, 6)) if is_float else bits.u32((8, 0), (10, 0), (12, 0), (1, 6))
    if is_float:
        bits.take(4)
    bits.flag()  # modular_16bit_buffers
    if has_more or bits.u32((0, 0), (1, 0), (2, 4), (1, 12)):
        return JpegXlHeader(
            columns=columns, rows=rows, precision=precision, samples=3, is_float=is_float, is_xyb=False, has_more=True
        )
    is_xyb = bits.flag()
    return JpegXlHeader(
        columns=columns,
        rows=rows,
        precision=precision,
        samples=_samples(bits),
        is_float=is_float,
        is_xyb=is_xyb,
        has_more=False,
    )


def _size(bits: _Bits) -> tuple[int, int]:
    """Read a SizeHeader and return columns and rows."""
    in_eights = bits.flag()
    rows = _length(bits, in_eights=in_eights)
    ratio = bits.take(3)
    if ratio == 0:
        return _length(bits, in_eights=in_eights), rows
    over, under = _RATIOS[ratio]
    return rows * over // under, rows


def _length(bits: _Bits, *, in_eights: bool) -> int:
    return 8 * (1 + bits.take(5)) if in_eights else bits.u32((1, 9), (1, 13), (1, 18), (1, 30))


def _has_odd_fields(bits: _Bits) -> bool:
    """Read the extra fields up to the first that is not plain: they are not followed any further then."""
    if bits.take(3):  # orientation
        return True
    if bits.flag():  # intrinsic size
        _size(bits)
    return bits.flag() or bits.flag()  # preview, animation


def _samples(bits: _Bits) -> int:
    """Read a ColourEncoding and return its samples."""
    if bits.flag():
        return 3
    bits.flag()  # want_icc
    return 1 if bits.u32((0, 0), (1, 0), (2, 4), (18, 6)) == _GREY else 3
