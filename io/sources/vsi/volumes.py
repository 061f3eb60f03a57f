"""What the tags of a .vsi file tell of its images: size, spacing, kind, channels, dimensions.

The numbers of the tags are those of Bio-Formats' description. Spacings are in micrometres.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pipeline.io.sources.vsi.tag_tree import Tag, Value
from pipeline.model.source import ScannerFacts

_IMAGE, _DIMENSION = 2001, 2007
_BOUNDARY, _SCALE, _CREATED, _NAME, _KIND = 2053, 2019, 2015, 2030, 2074
_CHANNEL_NAME, _WAVELENGTH, _CHANNEL = 2419, 2417, 2008
_Z_START, _Z_INCREMENT, _TIME_START, _LAMBDA_START = 2012, 2013, 2100, 2039
_MAGNIFICATION, _OLD_MAGNIFICATION, _BARCODE = 120060, 1073741824, 120635
_PRODUCT, _PRODUCT_VERSION, _DEVICE, _MAKER = 34, 35, 120116, 120133
_MAKER_NAME = "Olympus"
_TEXTS = {
    11: "document name", 13: "document note", 15: "document author", 16: "document company", _PRODUCT: "product name",
    _PRODUCT_VERSION: "product version", 2055: "specimen", 2057: "tissue", 2058: "preparation", 2059: "staining",
    2060: "slide info", 2061: "slide name", _NAME: "image name", _CHANNEL_NAME: "channel name",
    120063: "objective name", _DEVICE: "device name", 120129: "device id", _MAKER: "device manufacturer",
    _BARCODE: "slide bar code", 120637: "slide number", 120638: "tray number",
}  # fmt: skip
_DEFAULT_IMAGE, _OVERVIEW_IMAGE, _MACRO_IMAGE = 0, 1, 256


class Role(StrEnum):
    """What an image of the file is for."""

    SLIDE = "slide"
    OVERVIEW = "overview"
    LABEL = "label"
    OTHER = "other"
    """Masks, focus maps, extended focus by-products."""


class Dimension(StrEnum):
    """What a coordinate of the tiles counts, beside column, row and level."""

    CHANNEL = "channel"
    FOCAL_PLANE = "focal plane"
    TIME = "time point"
    OTHER = "wavelength or phase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What is told of one image."""

    columns: int
    rows: int
    role: Role
    name: str
    spacing_mm: tuple[float, float] | None
    """(between rows, between columns)."""
    plane_distance_um: float | None
    channels: tuple[str, ...]
    wavelengths_nm: tuple[float, ...]
    """Emission of each channel; empty where it is not told."""
    dimensions: dict[int, Dimension]
    """By place among the further coordinates, from 0."""
    created: str
    """DT."""


def read_volumes(tags: list[Tag]) -> list[Volume]:
    """Return the images in the order of the file; those without a size are none."""
    places: dict[int, list[Tag]] = {}
    for tag in tags:
        inside = tag.inside(_IMAGE)
        if inside is not None:
            places.setdefault(inside[1], []).append(tag)
    volumes = (_volume(own) for own in places.values())
    return [volume for volume in volumes if volume is not None]


def read_facts(tags: list[Tag]) -> ScannerFacts:
    """Return what is told of the scanner."""
    product = " ".join(filter(None, (_text(tags, _PRODUCT), _text(tags, _PRODUCT_VERSION))))
    powers = [_positive(t.value) for t in tags if t.tag in (_MAGNIFICATION, _OLD_MAGNIFICATION)]
    return ScannerFacts(
        objective_power=next((power for power in powers if power), None),
        manufacturer=_text(tags, _MAKER) or _MAKER_NAME,
        model=_text(tags, _DEVICE),
        software_versions=(product,) if product else (),
        barcode=_text(tags, _BARCODE),
    )


def read_properties(tags: list[Tag]) -> tuple[tuple[str, str], ...]:
    """Return all text of the tree, by the names that are known of its tags."""
    texts = ((t.tag, t.value) for t in tags if isinstance(t.value, str) and t.value)
    return tuple((f"vsi.{_TEXTS.get(tag, tag)}", value) for tag, value in texts)


def _volume(tags: list[Tag]) -> Volume | None:
    sizes = [t.value[2:4] for t in tags if t.tag == _BOUNDARY and isinstance(t.value, tuple) and len(t.value) == 4]
    whole = [(int(columns), int(rows)) for columns, rows in sizes if columns > 0 and rows > 0]
    if not whole:
        return None
    columns, rows = max(whole)
    scale = _pair(tags, _SCALE)
    name = _text(tags, _NAME)
    return Volume(
        columns=columns,
        rows=rows,
        role=_role(tags, name),
        name=name,
        spacing_mm=(scale[1] / 1000, scale[0] / 1000) if scale and min(scale) > 0 else None,
        plane_distance_um=next((n for t in tags if t.tag == _Z_INCREMENT and (n := _positive(t.value))), None),
        channels=tuple(str(t.value) for t in tags if t.tag == _CHANNEL_NAME),
        wavelengths_nm=tuple(n for t in tags if t.tag == _WAVELENGTH and (n := _positive(t.value))),
        dimensions=_dimensions(tags),
        created=next((_date(t.value) for t in tags if t.tag == _CREATED), ""),
    )


def _role(tags: Iterable[Tag], name: str) -> Role:
    if name.lower() == "label":
        return Role.LABEL
    kind = next((t.value for t in tags if t.tag == _KIND), _DEFAULT_IMAGE)
    if kind == _DEFAULT_IMAGE:
        return Role.OVERVIEW if name.lower() in ("overview", "macro image") else Role.SLIDE
    return Role.OVERVIEW if kind in (_OVERVIEW_IMAGE, _MACRO_IMAGE) else Role.OTHER


def _dimensions(tags: Iterable[Tag]) -> dict[int, Dimension]:
    """Tell a dimension by what its volume holds: where Z begins, where time does, or properties of channels."""
    holds: dict[int, set[int]] = {}
    for tag in tags:
        inside = tag.inside(_DIMENSION)
        if inside is not None:
            held = holds.setdefault(inside[0], set())
            held.add(tag.tag)
            held.update(around for around, _, _ in tag.path if around == _CHANNEL)
    found = {}
    for place, held in holds.items():
        if _Z_START in held or _Z_INCREMENT in held:
            found[place] = Dimension.FOCAL_PLANE
        elif _TIME_START in held:
            found[place] = Dimension.TIME
        elif _LAMBDA_START in held:
            found[place] = Dimension.OTHER
        elif _CHANNEL in held or _CHANNEL_NAME in held:
            found[place] = Dimension.CHANNEL
    return found


def _pair(tags: Iterable[Tag], number: int) -> tuple[float, float] | None:
    for tag in tags:
        if tag.tag == number and isinstance(tag.value, tuple) and len(tag.value) == 2:
            first, second = float(tag.value[0]), float(tag.value[1])
            if math.isfinite(first) and math.isfinite(second):
                return first, second
    return None


def _text(tags: Iterable[Tag], number: int) -> str:
    return next((t.value for t in tags if t.tag == number and isinstance(t.value, str) and t.value), "")


def _positive(value: Value) -> float | None:
    """Read a number above 0, also of text such as 20x."""
    try:
        number = float(value.rstrip("xX ")) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _date(value: Value) -> str:
    """Make a DT of seconds since 1970."""
    seconds = _positive(value)
    if seconds is None or seconds > datetime(9999, 1, 1, tzinfo=UTC).timestamp():
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%S+0000")
