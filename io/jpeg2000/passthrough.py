"""Which JPEG 2000 tiles pass, and as what (PS3.5 8.2.4, 8.2.14, A.4.4).

The codestream decides. Its wavelet is the transfer syntax: 5/3 is JPEG 2000 Lossless Only, 9/7 is JPEG 2000. A
codestream of part 15 is HTJ2K with 9/7, HTJ2K Lossless with 5/3, and HTJ2K Lossless RPCL where it meets the rules of
PS3.5 10.18, whatever the container called it. Its colour:

    component transform  wavelet  chroma      tag    Photometric Interpretation
    -------------------  -------  ----------  -----  ----------------------------------------------
    yes                  5/3      as luma     any    YBR_RCT
    yes                  9/7      as luma     any    YBR_ICT
    no                   either   halved 2x1  any    YBR_FULL_422 (CP-2650; part 1 only)
    no                   either   as luma     RGB    RGB
    no                   either   as luma     YCbCr  none: the IOD has no YBR_FULL
    no                   either   other       any    none

A tag is the container's word: Aperio's 33003 says YCbCr and 33005 RGB; the colour space box of a JP2 beats it.

Frames are the bytes of the codestream from SOC to EOC; boxes around it and padding behind it are left out. What was
decided for a main header is remembered with its bytes.
"""

from dataclasses import dataclass

import imagecodecs
import numpy as np

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.codecs.openjph import make_ready
from pipeline.io.jpeg2000.boxes import find_codestream
from pipeline.io.jpeg2000.markers import CodestreamHeader, Progression, codestream_end, parse_codestream
from pipeline.io.jpeg2000.rpcl import is_low_enough
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_REMEMBERED_HEADERS = 16


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of all tiles with one main header (and one colour space box)."""

    length: int
    header: CodestreamHeader
    colour: TaggedColour
    """Of the components behind the inverse component transform."""
    verdict: tuple[TransferSyntax, Photometric] | Reason


class Jpeg2000Tiles:
    """The JPEG 2000 tiles of one image: a `TileCodec`."""

    def __init__(
        self,
        *,
        colour: TaggedColour,
        samples: int,
        bits: int,
        tile_columns: int,
        tile_rows: int,
        bits_stored: int | None = None,
    ) -> None:
        """Take what the container says: colour, samples a pixel, bits allocated and stored, tile size in pixels."""
        self._colour = colour
        self._bits = bits
        self._bits_stored = bits_stored or bits
        self._shape = (tile_rows, tile_columns, samples)
        self._decisions: dict[tuple[bytes, TaggedColour | None], _Decision] = {}
        self._lengths: tuple[int, ...] = ()

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Return the tile's codestream as a frame, or why it is none."""
        try:
            start, end, decision = self._read(tile)
        except CodecError:
            return Reason.J2K_MALFORMED
        if isinstance(decision.verdict, Reason):
            return decision.verdict
        transfer_syntax, photometric = decision.verdict
        return PassedTile(b"", start, end, transfer_syntax, photometric, decision.header.reversible)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray, uint8 or uint16.

        OpenJPEG inverts the component transform, and repeats and converts subsampled chroma; OpenJPH decodes reversible
        part 15, three times as fast. Its binding does not clip what irreversible transforms overshoot: white turns
        black.
        YCbCr without a component transform is converted here. CodecError for a codestream that is cut short, of
        another size, or that the library refuses. Sizes are compared before anything is decoded, so that no damaged
        header can ask for gigabytes.
        """
        start, end, decision = self._read(tile)
        header = decision.header
        shape = (header.rows, header.columns, len(header.components))
        if shape != self._shape:
            raise CodecError(f"JPEG 2000: the tile is {shape}, the image has tiles of {self._shape}")
        stream = bytes(tile[start:end])
        try:
            if header.is_high_throughput and header.reversible:
                make_ready()
                pixels = imagecodecs.htj2k_decode(stream, planar=False)
            else:
                pixels = imagecodecs.jpeg2k_decode(stream, planar=False, numthreads=1)
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"JPEG 2000: the tile does not decode: {error}") from error
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        if pixels.shape != self._shape or pixels.dtype != np.dtype(f"u{self._bits // 8}"):
            raise CodecError(
                f"JPEG 2000: the tile decodes to {pixels.shape} {pixels.dtype}, not to {self._shape} uint{self._bits}"
            )
        if decision.colour is TaggedColour.YCBCR and not _is_subsampled(header):
            return ycbcr_to_rgb(pixels, header.components[0].precision)
        return pixels

    def _read(self, tile: Buffer) -> tuple[int, int, _Decision]:
        """Start and end of the codestream, and what was decided for its header."""
        start, limit, boxed = find_codestream(tile)
        stream = tile if start == 0 and limit == len(tile) else memoryview(tile)[start:limit]
        decision = self._decision(stream, boxed)
        return start, start + codestream_end(stream, decision.length), decision

    def _decision(self, stream: Buffer, boxed: TaggedColour | None) -> _Decision:
        for length in self._lengths:
            decision = self._decisions.get((bytes(stream[:length]), boxed))
            if decision is not None:
                return decision
        header = parse_codestream(stream)
        colour = _colour(header, boxed or self._colour)
        decision = _Decision(header.length, header, colour, self._verdict(header, colour))
        if len(self._decisions) >= _REMEMBERED_HEADERS:
            self._decisions, self._lengths = {}, ()
        self._decisions[bytes(stream[: header.length]), boxed] = decision
        if header.length not in self._lengths:
            self._lengths = (header.length, *self._lengths)
        return decision

    def _verdict(self, header: CodestreamHeader, colour: TaggedColour) -> tuple[TransferSyntax, Photometric] | Reason:
        rows, columns, samples = self._shape
        if header.is_part_2:
            return Reason.J2K_PART_2
        if any(c.signed for c in header.components):
            return Reason.SIGNED_SAMPLES
        if len(header.components) != samples:
            return Reason.SAMPLES_PER_PIXEL_DIFFER
        if any(c.precision != self._bits_stored for c in header.components):
            return Reason.SAMPLE_DEPTH_DIFFERS
        if (header.rows, header.columns) != (rows, columns):
            return Reason.TILE_SIZE_DIFFERS
        photometric = _photometric(header, colour)
        if photometric is None:
            return Reason.PHOTOMETRIC_NOT_IN_IOD
        transfer_syntax = _transfer_syntax(header)
        return Reason.SYNTAX_REQUESTED if transfer_syntax is None else (transfer_syntax, photometric)


def _colour(header: CodestreamHeader, tagged: TaggedColour) -> TaggedColour:
    if len(header.components) == 1:
        return TaggedColour.GRAY
    if header.has_component_transform:
        return TaggedColour.RGB
    return TaggedColour.YCBCR if _is_subsampled(header) else tagged


def _photometric(header: CodestreamHeader, colour: TaggedColour) -> Photometric | None:
    sampling = tuple((c.across, c.down) for c in header.components)
    if sampling == ((1, 1), (2, 1), (2, 1)) and not (header.has_component_transform or header.is_high_throughput):
        return Photometric.YBR_FULL_422
    if any(s != (1, 1) for s in sampling):
        return None
    if colour is TaggedColour.GRAY:
        return Photometric.MONOCHROME2
    if header.has_component_transform:
        return Photometric.YBR_RCT if header.reversible else Photometric.YBR_ICT
    return Photometric.RGB if colour is TaggedColour.RGB else None


def _transfer_syntax(header: CodestreamHeader) -> TransferSyntax | None:
    """Return the syntax that holds the codestream; None where none that is written here does."""
    if not header.is_high_throughput:
        return TransferSyntax.JPEG_2000_LOSSLESS if header.reversible else TransferSyntax.JPEG_2000
    if not header.part_15:
        return None
    if not header.reversible:
        return TransferSyntax.HTJ2K
    is_rpcl = (
        header.progression == Progression.RPCL
        and header.has_tile_lengths
        and is_low_enough(header.columns, header.rows, header.decomposition_levels)
    )
    return TransferSyntax.HTJ2K_LOSSLESS_RPCL if is_rpcl else TransferSyntax.HTJ2K_LOSSLESS


def _is_subsampled(header: CodestreamHeader) -> bool:
    return len({(c.across, c.down) for c in header.components}) > 1
