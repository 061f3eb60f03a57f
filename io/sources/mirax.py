"""What OpenSlide does not tell of a MIRAX: channels of fluorescence, and focal planes.

Slidedat.ini lists hierarchies: zoom levels first, then filters, focus levels and others. OpenSlide reads the records of
the zoom levels alone. A fluorescence slide stores up to three filters there, one in each component of its JPEGs:
a filter of `STORING_CHANNEL_NUMBER` n is component 2 - n of RGB. Further filters, and focal planes, have records of
their own in the index; a hierarchy may also be declared and hold nothing, as in most brightfield slides.

Sources: OpenSlide's description of the MIRAX format, and what its users found in slides of their own.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, OpticalPathFacts

_HIERARCHICAL = "mirax.HIERARCHICAL"
_FILTERS, _FOCUS = "Slide filter level", "Microscope focus level"
_INDEX_VERSION_BYTES = 5
_MOST_VALUES = 1 << 12
_COMPONENTS = 3


def data_folder(path: Path) -> Path:
    """Return the folder of a slide's data: named as the slide without its suffix."""
    return path.with_suffix("")


def fluorescence_channels(path: Path, properties: Mapping[str, str]) -> tuple[tuple[int, OpticalPathFacts], ...]:
    """Return component of RGB and facts of each channel; none for a slide in brightfield.

    Raises
    ------
    SourceError
        There are more channels than the zoom levels hold, or two of them in one component.

    """
    if "FLUORESCENCE" not in properties.get("mirax.GENERAL.SLIDE_TYPE", "").upper():
        return ()
    channels: list[tuple[int, OpticalPathFacts]] = []
    for section in _sections(properties, _FILTERS):
        values = f"mirax.{section}."
        number = _integer(properties, f"{values}STORING_CHANNEL_NUMBER", len(channels))
        colour = tuple(_integer(properties, f"{values}COLOR_{c}", -1) for c in "RGB")
        facts = OpticalPathFacts(
            name=properties.get(f"{values}FILTER_NAME", "").strip(),
            illumination=Illumination.FLUORESCENCE,
            colour=(colour[0], colour[1], colour[2]) if all(0 <= c <= 255 for c in colour) else None,
        )
        channels.append((_COMPONENTS - 1 - number, facts))
    components = [component for component, _ in channels]
    if (
        not channels
        or len(set(components)) != len(components)
        or not all(0 <= component < _COMPONENTS for component in components)
        or _stored_values(path, properties, _FILTERS)
    ):
        raise SourceError(
            f"{path}: it is fluorescence with {len(channels)} filters, of which OpenSlide reads three at most; "
            "export it as OME-TIFF and convert that",
            uri=str(path),
        )
    return tuple(channels)


def check_focal_planes(path: Path, properties: Mapping[str, str]) -> None:
    """Raise SourceError for a slide that stores focal planes beside the zoom levels."""
    stored = _stored_values(path, properties, _FOCUS)
    if stored:
        raise SourceError(
            f"{path}: it has {stored} focal planes beside the one that OpenSlide reads, which is not supported; "
            "export the one of best focus and convert that",
            uri=str(path),
        )


def _hierarchies(properties: Mapping[str, str]) -> Iterator[tuple[int, str, int]]:
    """Yield number, name and count of values."""
    for number in range(min(_integer(properties, f"{_HIERARCHICAL}.HIER_COUNT", 0), _MOST_VALUES)):
        count = _integer(properties, f"{_HIERARCHICAL}.HIER_{number}_COUNT", 0)
        yield number, properties.get(f"{_HIERARCHICAL}.HIER_{number}_NAME", ""), max(0, min(count, _MOST_VALUES))


def _sections(properties: Mapping[str, str], name: str) -> Iterator[str]:
    for number, found, count in _hierarchies(properties):
        if found == name:
            for value in range(count):
                yield properties.get(f"{_HIERARCHICAL}.HIER_{number}_VAL_{value}_SECTION", "")


def _stored_values(path: Path, properties: Mapping[str, str], name: str) -> int:
    """Return how many values of a hierarchy have records that are not empty."""
    before = 0
    for _, found, count in _hierarchies(properties):
        if found == name:
            return sum(_has_items(path, properties, before + value) for value in range(count))
        before += count
    return 0


def _has_items(path: Path, properties: Mapping[str, str], record: int) -> bool:
    """Whether a record leads to data items: the first page of its list is empty, and may be the last one."""
    index = data_folder(path) / properties.get(f"{_HIERARCHICAL}.INDEXFILE", "")
    start = _INDEX_VERSION_BYTES + len(properties.get("mirax.GENERAL.SLIDE_ID", ""))
    try:
        with index.open("rb") as file:

            def numbers(offset: int, count: int) -> tuple[int, ...]:
                file.seek(offset)
                return struct.unpack(f"<{count}i", file.read(4 * count))

            (root,) = numbers(start, 1)
            (page,) = numbers(root + 4 * record, 1)
            if page <= 0:
                return False
            items, following = numbers(page, 2)
            return items > 0 or (following > 0 and numbers(following, 1)[0] > 0)
    except (OSError, ValueError, struct.error) as error:
        raise SourceError(f"{index} cannot be read as an index: {error}", uri=str(path)) from error


def _integer(properties: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(properties.get(name, "").strip())
    except ValueError:
        return default
