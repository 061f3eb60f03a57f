"""Which reader a directory gets: one that cuts a level into frames, or one for a JPEG in one piece."""

from collections.abc import Callable, Iterator, Sequence

from pipeline.io.jpeg.colour import components_colour
from pipeline.io.sources.ndpi.directories import Directory
from pipeline.io.sources.ndpi.file import NdpiFile
from pipeline.io.sources.ndpi.filler import filler_interval
from pipeline.io.sources.ndpi.header import StripHeader, read_header
from pipeline.io.sources.ndpi.intervals import Intervals, found_intervals, tagged_intervals
from pipeline.io.sources.ndpi.layout import IntervalLayout, interval_layout
from pipeline.io.sources.ndpi.retiled import RetiledImage
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.io.sources.ndpi.whole import WholeImage
from pipeline.model.errors import CodecError, SourceError
from pipeline.model.source import TaggedColour

_JPEG, _JPEG_XR = 7, 22610
_RGB = 2
"""PhotometricInterpretation (TIFF 6.0 section 3)."""
_LONGEST_HEADER = 1 << 18
_LONGEST_TAIL = 1 << 16
_PROBED_MARKERS = 16

Image = RetiledImage | WholeImage


def strip_range(file: NdpiFile, directory: Directory) -> tuple[int, int]:
    """Return offset and length of the directory's only strip. Raises SourceError."""
    offset, length = directory.integer(Tag.STRIP_OFFSETS), directory.integer(Tag.STRIP_BYTE_COUNTS)
    if not offset or not length:
        raise SourceError(f"{file.uri}: directory {directory.number} has not its pixels in one strip", uri=file.uri)
    if offset + length > file.size:
        raise SourceError(
            f"{file.uri}: the strip of directory {directory.number} ends at byte {offset + length}, behind the end of "
            f"the file ({file.size} bytes): the file is truncated; fetch it again",
            uri=file.uri,
        )
    return offset, length


def open_image(file: NdpiFile, directory: Directory, *, dark: bool, warn: Callable[[str], None]) -> Image:
    """Return the reader of a directory's image. Raises SourceError for what cannot be read.

    `dark`: what was not scanned is black, as in fluorescence, and not white.
    """
    _check_compression(file, directory)
    offset, length = strip_range(file, directory)

    def read(place: int, count: int) -> bytes:
        return file.read(offset + place, count)

    header = _header(file, directory, read(0, min(length, _LONGEST_HEADER)))
    colour = _colour(directory, header)
    tagged = directory.integer(Tag.IMAGE_WIDTH) or 0, directory.integer(Tag.IMAGE_LENGTH) or 0
    said = header.columns or tagged[0], header.rows or tagged[1]
    # Whichever size the restart intervals fit is right; the JPEG's word comes first.
    layouts = [interval_layout(header, *size) for size in dict.fromkeys((said, tagged)) if all(size)]
    placed = _placed_intervals(file, directory, header, [lay for lay in layouts if lay], read, length, warn)
    used = (placed[0].columns, placed[0].rows) if placed else said
    if used != tagged:
        sizes = f"its tags say {tagged[0]} x {tagged[1]} pixels, it has {used[0]} x {used[1]}"
        warn(f"directory {directory.number}: {sizes}")
    if placed is None:
        return WholeImage(read, file.uri, header=header, length=length, colour=colour)
    layout, intervals = placed
    return RetiledImage(
        read,
        file.uri,
        header=header,
        layout=layout,
        intervals=intervals,
        filler=_filler(file, header, layout, colour, 0 if dark else 255),
        colour=colour,
    )


def _check_compression(file: NdpiFile, directory: Directory) -> None:
    compression = directory.integer(Tag.COMPRESSION)
    if compression == _JPEG_XR:
        raise SourceError(
            f"{file.uri}: directory {directory.number} is stored as JPEG XR (Compression 22610, gray of 16 bits), "
            "which is not supported; export it as JPEG with the scanner's software",
            uri=file.uri,
        )
    if compression != _JPEG:
        raise SourceError(
            f"{file.uri}: directory {directory.number} has Compression {compression}, which is not supported; JPEG is",
            uri=file.uri,
        )


def _header(file: NdpiFile, directory: Directory, stream: bytes) -> StripHeader:
    try:
        header = read_header(stream)
    except CodecError as error:
        raise SourceError(f"{file.uri}: directory {directory.number}: {error}", uri=file.uri) from error
    parsed = header.parsed
    if parsed.precision != 8 or len(parsed.components) not in (1, 3):
        raise SourceError(
            f"{file.uri}: directory {directory.number} has {len(parsed.components)} components of {parsed.precision} "
            "bits, which is not supported; 1 and 3 of 8 bits are",
            uri=file.uri,
        )
    return header


def _colour(directory: Directory, header: StripHeader) -> TaggedColour:
    rgb = directory.integer(Tag.PHOTOMETRIC) == _RGB
    return components_colour(header.parsed, TaggedColour.RGB if rgb else TaggedColour.YCBCR)


def _placed_intervals(
    file: NdpiFile,
    directory: Directory,
    header: StripHeader,
    layouts: Sequence[IntervalLayout],
    read: Callable[[int, int], bytes],
    length: int,
    warn: Callable[[str], None],
) -> tuple[IntervalLayout, Intervals] | None:
    """Return the restart intervals as the tag has them, or as they are found; None where they cannot be."""
    if not layouts:
        return None
    begin, end = header.parsed.header_length, _end(file, directory, read, length)
    for layout in layouts:
        tagged = tagged_intervals(directory, file.read, layout.count, end, file.size)
        if tagged is not None and tagged.are_in_order(begin) and all(_markers(tagged, read)):
            return layout, tagged
    for layout in layouts:
        found = found_intervals(read, begin, end, layout.count)
        if found is not None:
            warn(f"directory {directory.number}: McuStarts is missing or wrong; restart markers were searched for")
            return layout, found
    return None


def _end(file: NdpiFile, directory: Directory, read: Callable[[int, int], bytes], length: int) -> int:
    """Return the offset behind EOI, in the strip: what follows is padding."""
    begin = max(0, length - _LONGEST_TAIL)
    position = read(begin, length - begin).rfind(b"\xff\xd9")
    if position < 0:
        raise SourceError(
            f"{file.uri}: the JPEG of directory {directory.number} has no end: it is truncated", uri=file.uri
        )
    return begin + position + 2


def _markers(intervals: Intervals, read: Callable[[int, int], bytes]) -> Iterator[bool]:
    """Look at the restart markers behind some intervals, spread over the strip."""
    last = intervals.count - 1
    for number in {last * i // _PROBED_MARKERS for i in range(_PROBED_MARKERS)} - {last}:
        yield read(int(intervals.bounds(number, 1)[1]) - 2, 2) == bytes((0xFF, 0xD0 + number % 8))


def _filler(file: NdpiFile, header: StripHeader, layout: IntervalLayout, colour: TaggedColour, shade: int) -> bytes:
    """Return an interval of white or black; none where frames end with the level."""
    across, down = layout.joined
    if layout.across % across == 0 and layout.down % down == 0:
        return b""
    samples = (shade, 128, 128) if colour is TaggedColour.YCBCR else (shade,) * len(header.parsed.components)
    try:
        return filler_interval(header, samples)
    except CodecError as error:
        raise SourceError(f"{file.uri}: {error}", uri=file.uri) from error
