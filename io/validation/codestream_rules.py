"""Frames against the header: what sampled codestreams say of themselves is what the data set says (PS3.5 8.2).

The codestream is what decoders go by, so it is the measure where the two disagree.
"""

from collections.abc import Callable, Iterator

from pipeline.io.jpeg.colour import components_colour
from pipeline.io.jpeg2000.markers import Progression
from pipeline.io.validation.attributes import integer, text
from pipeline.io.validation.codestreams import Codestream, Coding
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.syntax_facts import (
    HTJ2K_RPCL,
    IN_IOD,
    JPEG_LOSSLESS_SV1,
    JPEG_XL_RECOMPRESSION,
    SYNTAXES,
    SyntaxFacts,
)
from pipeline.model.source import TaggedColour

_LARGEST_THUMBNAIL = 64


def in_iod(instance: Instance) -> Iterator[Fault]:
    """Find photometric interpretations that whole-slide images do not have."""
    if (value := text(instance.header, "PhotometricInterpretation")) and value not in IN_IOD:
        yield Fault(f"{value} is not among the photometric interpretations of whole-slide images")


def in_syntax(instance: Instance) -> Iterator[Fault]:
    """Find photometric interpretations that the transfer syntax does not allow."""
    facts, value = SYNTAXES.get(instance.transfer_syntax), text(instance.header, "PhotometricInterpretation")
    if facts is not None and value in IN_IOD and value not in facts.photometric:
        yield Fault(f"{value} is not allowed in transfer syntax {instance.transfer_syntax} (PS3.5 {facts.section})")


def readable(instance: Instance) -> Iterator[Fault]:
    """Find frames whose header cannot be read."""
    yield from _first(instance, lambda one: f"its header cannot be read: {one.fault}" if one.fault else "")


def whole(instance: Instance) -> Iterator[Fault]:
    """Find frames that are cut short."""
    yield from _sound(instance, lambda one: "" if one.complete else "no end marker is at its end")


def of_syntax(instance: Instance) -> Iterator[Fault]:
    """Compare the kind of codestream with the transfer syntax."""
    facts = SYNTAXES.get(instance.transfer_syntax)
    if facts is not None and facts.coding is not None:
        yield from _sound(instance, lambda one: _wrong_kind(one, facts, instance.transfer_syntax))


def bare(instance: Instance) -> Iterator[Fault]:
    """Find JPEG 2000 files in the place of codestreams."""

    def fault(one: Codestream) -> str:
        wrapped = one.coding is Coding.JPEG_2000 and one.in_file_format
        return "it is a JP2 file, and not a bare codestream" if wrapped else ""

    yield from _sound(instance, fault)


def size(instance: Instance) -> Iterator[Fault]:
    """Compare the size of frames with Rows and Columns."""
    columns, rows = integer(instance.header, "Columns"), integer(instance.header, "Rows")

    def fault(one: Codestream) -> str:
        # JPEG may tell its rows behind the scan; then its header has 0.
        fits = one.columns in (None, columns) and one.rows in (None, 0, rows)
        return "" if fits else f"it has {one.columns} columns and {one.rows} rows, the header {columns} and {rows}"

    yield from _sound(instance, fault)


def components(instance: Instance) -> Iterator[Fault]:
    """Compare the components of frames with Samples per Pixel."""
    count, allocated = integer(instance.header, "SamplesPerPixel"), integer(instance.header, "BitsAllocated")

    def fault(one: Codestream) -> str:
        if one.coding is Coding.RLE:
            expected = (count or 0) * (allocated or 0) // 8
            fits = one.components == expected
            return "" if fits else f"it has {one.components} segments, {expected} byte planes are needed"
        if one.components in (None, count):
            return ""
        return f"it has {one.components} components, Samples per Pixel is {count}"

    yield from _sound(instance, fault)


def precision(instance: Instance) -> Iterator[Fault]:
    """Compare the bits of frames with Bits Stored and Pixel Representation."""
    stored = integer(instance.header, "BitsStored")
    signed = integer(instance.header, "PixelRepresentation") == 1

    def fault(one: Codestream) -> str:
        if one.bits not in (None, stored):
            return f"its samples have {one.bits} bits, Bits Stored is {stored}"
        if one.coding is Coding.JPEG_2000 and one.signed != signed:
            return f"its samples are {'signed' if one.signed else 'unsigned'}, Pixel Representation says otherwise"
        return ""

    yield from _sound(instance, fault)


def photometric(instance: Instance) -> Iterator[Fault]:
    """Compare what the components of frames are with the photometric interpretation."""
    value = text(instance.header, "PhotometricInterpretation")
    if value:
        yield from _sound(instance, lambda one: _wrong_colour(one, value))


def progressive(instance: Instance) -> Iterator[Fault]:
    """Check what HTJ2K Lossless RPCL asks for."""
    if instance.transfer_syntax != HTJ2K_RPCL:
        return

    def fault(one: Codestream) -> str:
        header = one.jpeg2000_header
        if header is None:
            return ""
        lacking = []
        if header.progression != Progression.RPCL:
            lacking.append("its progression is not RPCL")
        if not header.has_tile_lengths:
            lacking.append("it has no TLM")
        smallest = -(-min(header.columns, header.rows) // 2**header.decomposition_levels)
        if smallest > _LARGEST_THUMBNAIL:
            lacking.append(f"its lowest resolution has {smallest} pixels on the shorter side, more than 64")
        return " and ".join(lacking)

    yield from _sound(instance, fault)


def _wrong_kind(one: Codestream, facts: SyntaxFacts, syntax: str) -> str:
    if one.coding is not facts.coding:
        return f"it is {one.coding}, and transfer syntax {syntax} is {facts.coding}"
    if one.jpeg_header and one.jpeg_header.frame_marker not in facts.processes:
        return f"its JPEG process, SOF{one.jpeg_header.frame_marker - 0xC0}, is not that of transfer syntax {syntax}"
    if one.jpeg_header and syntax == JPEG_LOSSLESS_SV1 and one.jpeg_header.predictor != 1:
        return f"its selection value is {one.jpeg_header.predictor}, and transfer syntax {syntax} has 1"
    if one.jpeg2000_header and one.jpeg2000_header.is_high_throughput != facts.high_throughput:
        blocks = "high-throughput" if one.jpeg2000_header.is_high_throughput else "part 1"
        return f"its block coder is {blocks}, which is not that of transfer syntax {syntax}"
    if one.reversible is False and facts.lossy is False:
        return f"it is irreversible, and transfer syntax {syntax} is lossless"
    if syntax == JPEG_XL_RECOMPRESSION and not one.reconstructs_jpeg:
        return "it has no data to make a JPEG of again, and the transfer syntax is JPEG XL JPEG Recompression"
    return ""


def _wrong_colour(one: Codestream, value: str) -> str:
    if one.jpeg_header is not None:
        tagged = TaggedColour.RGB if value == "RGB" else TaggedColour.YCBCR
        colour = components_colour(one.jpeg_header, tagged)
        fits = {TaggedColour.GRAY: value.startswith("MONOCHROME"), TaggedColour.RGB: value == "RGB"}
        if not fits.get(colour, value.startswith("YBR_")):
            return f"its components are {colour.upper()}, Photometric Interpretation is {value}"
    if one.jpeg2000_header is not None:
        header = one.jpeg2000_header
        if header.has_component_transform:
            expected = "YBR_RCT" if header.reversible else "YBR_ICT"
            return "" if value == expected else f"its components are transformed: {expected}, and not {value}"
        if value in ("YBR_RCT", "YBR_ICT"):
            return f"it has no component transform, Photometric Interpretation is {value}"
    return ""


def _first(instance: Instance, fault: Callable[[Codestream], str]) -> Iterator[Fault]:
    """Yield the first frame with a fault, and how many of the sampled ones have one."""
    found = [(one.frame, message) for one in instance.codestreams if (message := fault(one))]
    if found:
        frame, message = found[0]
        more = f" (and {len(found) - 1} more of {len(instance.codestreams)} frames looked at)" if len(found) > 1 else ""
        yield Fault(f"frame {frame}: {message}{more}", frame=frame)


def _sound(instance: Instance, fault: Callable[[Codestream], str]) -> Iterator[Fault]:
    """Do the same with the frames whose header could be read."""
    yield from _first(instance, lambda one: "" if one.fault else fault(one))


RULES = (
    Rule(
        "photometric.in-iod",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.5",
        "Photometric Interpretation is MONOCHROME2, RGB, YBR_FULL_422, YBR_RCT or YBR_ICT, or XYB with JPEG XL.",
        in_iod,
    ),
    Rule(
        "photometric.in-syntax",
        Severity.ERROR,
        "PS3.5 8.2",
        "Photometric Interpretation is one that the transfer syntax allows.",
        in_syntax,
    ),
    Rule(
        "photometric.codestream",
        Severity.ERROR,
        "PS3.5 8.2.1, 8.2.4, 8.2.14",
        "Photometric Interpretation is what the components of the frames are, by Adobe marker, JFIF, component ids, "
        "subsampling, or the component transform.",
        photometric,
    ),
    Rule(
        "codestream.readable",
        Severity.ERROR,
        "PS3.5 8.2",
        "Frames begin with the header of a codec.",
        readable,
    ),
    Rule(
        "codestream.whole",
        Severity.ERROR,
        "PS3.5 A.4",
        "Frames end with the end marker, and padding at most behind it.",
        whole,
    ),
    Rule(
        "codestream.syntax",
        Severity.ERROR,
        "PS3.5 8.2, 10",
        "Frames are what the transfer syntax says: codec, JPEG process, block coder, lossless or not.",
        of_syntax,
    ),
    Rule(
        "codestream.bare",
        Severity.ERROR,
        "PS3.5 A.4.4",
        "JPEG 2000 frames are bare codestreams, not JP2 files.",
        bare,
    ),
    Rule(
        "codestream.size",
        Severity.ERROR,
        "PS3.3 C.7.6.3",
        "Frames have Rows and Columns, at the edges as well.",
        size,
    ),
    Rule(
        "codestream.components",
        Severity.ERROR,
        "PS3.5 8.2",
        "Frames have Samples per Pixel components; RLE has a segment for each byte of a pixel.",
        components,
    ),
    Rule(
        "codestream.precision",
        Severity.ERROR,
        "PS3.5 8.2",
        "Samples of frames have Bits Stored bits and the sign of Pixel Representation.",
        precision,
    ),
    Rule(
        "codestream.rpcl",
        Severity.ERROR,
        "PS3.5 10.18",
        "HTJ2K Lossless RPCL frames have RPCL progression, TLM, and 64 pixels at most on a side of the lowest level.",
        progressive,
    ),
)
