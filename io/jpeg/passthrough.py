"""Which JPEG tiles pass as JPEG frames (PS3.5 8.2.1, A.4.1), and how.

Tiles of TIFF pass where they are baseline. Those of DICOM may be of any process that DICOM has.

A passing frame holds the tile's entropy-coded bytes as they are. Only the marker segments before them are made anew:
tables that the TIFF tag JPEGTables holds are merged in, and the colour is said (`pipeline.io.jpeg.colour`). A tile that
does not pass is decoded from the same rewritten stream, so that colour is decided at one place.

The tiles of an image mostly have one and the same header, byte for byte. What was decided for a header is remembered
with its bytes; a passing tile then costs a comparison of some hundred bytes and a look at its last two.
"""

from dataclasses import dataclass

import imagecodecs
import numpy as np

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg.colour import components_colour, frame_head, table_segments
from pipeline.io.jpeg.markers import JpegHeader, Marker, parse_header, parse_tables
from pipeline.io.jpeg.processes import broken_rule, is_lossless, process_syntax
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_EOI = b"\xff\xd9"
_REMEMBERED_HEADERS = 16
_PHOTOMETRICS = {
    TaggedColour.GRAY: Photometric.MONOCHROME2,
    TaggedColour.RGB: Photometric.RGB,
    TaggedColour.YCBCR: Photometric.YBR_FULL_422,
}
"""YBR_FULL_422 whatever the sampling factors are: the IOD has no other term for YCbCr in JPEG (PS3.3 C.8.12.4.1.5)."""


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of all tiles with one header."""

    header: bytes
    length: int
    """Of the header; the entropy-coded bytes begin there."""
    head: bytes
    """The header made anew."""
    shape: tuple[int, int, int]
    """Rows, columns and components of the frame header."""
    precision: int
    """Bits a sample."""
    unconverted: bool
    """The components are YCbCr that libjpeg leaves as they are."""
    passed: tuple[TransferSyntax, Photometric, bool] | Reason
    """Syntax, colour model and whether nothing was lost; or why the tile does not pass."""


class JpegTiles:
    """The JPEG tiles of one image: a `TileCodec`."""

    def __init__(
        self,
        *,
        tables: bytes,
        colour: TaggedColour,
        samples: int,
        bits: int,
        tile_columns: int,
        tile_rows: int,
        bits_stored: int | None = None,
        every_process: bool = False,
    ) -> None:
        """Take what the container says: JPEGTables (may be empty), colour, samples a pixel, bits, tile size in pixels.

        `bits` are allocated, `bits_stored` those that samples use. Extended and lossless JPEG pass with
        `every_process`, else baseline alone. CodecError when the tables cannot be read.
        """
        self._shared = parse_tables(tables)
        self._shared_segments = table_segments(tables, self._shared)
        self._colour = colour
        self._bits = bits
        self._bits_stored = bits_stored or bits
        self._every_process = every_process
        self._shape = (tile_rows, tile_columns, samples)
        self._decisions: dict[bytes, _Decision] = {}
        self._lengths: tuple[int, ...] = ()

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Return the tile as a frame of its process's syntax, or why it is none."""
        try:
            decision = self._decision(tile)
        except CodecError:
            return Reason.JPEG_MALFORMED
        if isinstance(decision.passed, Reason):
            return decision.passed
        end = _behind_eoi(tile, decision.length)
        if end is None:
            return Reason.JPEG_MALFORMED
        return PassedTile(decision.head, decision.length, end, *decision.passed)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples): RGB or gray, uint8, of more than 8 bits uint16. All processes of libjpeg.

        CodecError for a tile without EOI, of another size, or that libjpeg refuses. libjpeg fills what a scan lacks
        with gray and goes on without an error: the missing EOI is what tells a truncated tile. Sizes are compared
        before anything is decoded, so that no damaged header can ask for gigabytes.
        """
        decision = self._decision(tile)
        if decision.shape != self._shape:
            raise CodecError(f"JPEG: the tile is {decision.shape}, the image has tiles of {self._shape}")
        end = _behind_eoi(tile, decision.length)
        if end is None:
            raise CodecError("JPEG: the tile has no EOI: it is truncated")
        try:
            pixels = imagecodecs.jpeg8_decode(b"".join((decision.head, tile[decision.length : end])))
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"JPEG: libjpeg does not decode the tile: {error}") from error
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        if pixels.shape != self._shape or pixels.dtype.itemsize * 8 != self._bits:
            raise CodecError(
                f"JPEG: the tile decodes to {pixels.shape} {pixels.dtype}, not to {self._shape} uint{self._bits}"
            )
        return ycbcr_to_rgb(pixels, decision.precision) if decision.unconverted else pixels

    def _decision(self, tile: Buffer) -> _Decision:
        for length in self._lengths:
            decision = self._decisions.get(bytes(tile[:length]))
            if decision is not None:
                return decision
        decision = self._decide(tile)
        if len(self._decisions) >= _REMEMBERED_HEADERS:
            self._decisions, self._lengths = {}, ()
        self._decisions[decision.header] = decision
        if decision.length not in self._lengths:
            self._lengths = (decision.length, *self._lengths)
        return decision

    def _decide(self, tile: Buffer) -> _Decision:
        header = parse_header(tile)
        colour = self._colour_of(header)
        # libjpeg converts nothing that is lossless, and refuses to where a marker asks for it.
        unconverted = header.frame_marker == Marker.SOF3 and colour is TaggedColour.YCBCR
        said = TaggedColour.RGB if unconverted else colour
        return _Decision(
            header=bytes(tile[: header.header_length]),
            length=header.header_length,
            head=frame_head(tile, header, self._shared_segments, said),
            shape=(header.rows, header.columns, len(header.components)),
            precision=header.precision,
            unconverted=unconverted,
            passed=self._passed(header, colour),
        )

    def _colour_of(self, header: JpegHeader) -> TaggedColour:
        """Return what components are: of lossless JPEG the container's word, whose writers mark what they like."""
        if header.frame_marker == Marker.SOF3 and len(header.components) == 3:
            return TaggedColour.YCBCR if self._colour is TaggedColour.YCBCR else TaggedColour.RGB
        return components_colour(header, self._colour)

    def _passed(self, header: JpegHeader, colour: TaggedColour) -> tuple[TransferSyntax, Photometric, bool] | Reason:
        reason = self._rejection(header)
        syntax = process_syntax(header)
        if reason is not None or syntax is None:
            return reason or Reason.JPEG_NOT_BASELINE
        if header.frame_marker == Marker.SOF3 and colour is TaggedColour.YCBCR:
            return Reason.PHOTOMETRIC_NOT_IN_IOD
        return syntax, _PHOTOMETRICS[colour], is_lossless(header)

    def _rejection(self, header: JpegHeader) -> Reason | None:
        rows, columns, samples = self._shape
        if not self._every_process:
            if header.precision != 8 or self._bits != 8:
                return Reason.JPEG_NOT_8_BIT
            if header.frame_marker != Marker.SOF0:
                return Reason.JPEG_NOT_BASELINE
        broken = broken_rule(header, self._shared)
        if broken not in (None, Reason.JPEG_TABLES_MISSING):
            return broken
        if len(header.components) != samples:
            return Reason.SAMPLES_PER_PIXEL_DIFFER
        if header.precision != self._bits_stored:
            return Reason.SAMPLE_DEPTH_DIFFERS
        if (header.rows, header.columns) != (rows, columns):
            return Reason.TILE_SIZE_DIFFERS
        if len(header.scan) != samples:
            return Reason.JPEG_SEVERAL_SCANS
        return broken


def _behind_eoi(tile: Buffer, scan_start: int) -> int | None:
    """Offset behind the last EOI: what follows it is padding. None: there is no EOI."""
    size = len(tile)
    if size - 2 >= scan_start and tile[-1] == 0xD9 and tile[-2] == 0xFF:
        return size
    position = bytes(tile[scan_start:]).rfind(_EOI)
    return None if position < 0 else scan_start + position + len(_EOI)
