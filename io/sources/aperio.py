"""Aperio SVS: which directory is what, and what the ImageDescription says.

The first directory is the base level. Tiled directories after it are lower levels, the first untiled one is the
thumbnail; label and macro are named in the second line of their descriptions, or by NewSubfileType 1 and 9.
Descriptions hold `key = value` pairs between bars (published by Aperio as "Digital Slides and Third-Party Data
Interchange"). What is named a label or a macro is no level, even where a program stored it in tiles.
"""

import math
import re
from dataclasses import replace
from itertools import pairwise

from pipeline.io.dicom.placement import SLIDE_LENGTH_MM
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import date_time
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription, SourceImage

_SUBFILE_LABEL, _SUBFILE_MACRO = 1, 9


def open_aperio(container: TiffContainer) -> SlideSource:
    """Return the slide in a TIFF file that is Aperio's. Raises SourceError."""
    if not container.first.is_tiled:
        raise SourceError(
            f"{container.uri}: its first directory, which is the base level, is not stored in tiles", uri=container.uri
        )
    images: list[TiffImage] = []
    described: list[SourceImage] = []
    warnings: list[str] = []
    levels = 0
    taken: set[ImageKind] = set()
    for number, page in enumerate(container.pages):
        kind = _kind(number, page.description, page.is_tiled, int(page.subfiletype))
        if kind is None or kind in taken:
            warnings.append(
                f"directory {number} ({page.imagewidth} x {page.imagelength}) was left out: its role is not known"
            )
            continue
        try:
            image = container.image(number)
        except SourceError as error:
            if kind is ImageKind.VOLUME:
                raise
            warnings.append(f"the {kind.lower()} was left out: {error}")
            continue
        level = levels if kind is ImageKind.VOLUME else None
        if level is None:
            taken.add(kind)
        else:
            levels += 1
        described.append(source_image(len(images), image, kind, level))
        images.append(image)
    _check_order(described, container.uri)
    description = SlideDescription(
        format="aperio",
        images=tuple(described),
        facts=_facts(container.description),
        icc_profile=icc_profile(container.first, container.uri),
        warnings=tuple(warnings),
        properties=(
            *((f"aperio.{name}", value) for name, value in _values(container.description).items()),
            *text_properties(container),
        ),
    )
    return TiffSource(container, [[image] for image in images], description)


def _kind(number: int, description: str, tiled: bool, subfile: int) -> ImageKind | None:
    second_line = description.partition("\n")[2].lstrip().lower()
    if second_line.startswith("label") or (subfile == _SUBFILE_LABEL and not tiled):
        return ImageKind.LABEL
    if second_line.startswith("macro") or (subfile == _SUBFILE_MACRO and not tiled):
        return ImageKind.OVERVIEW
    if tiled:
        return ImageKind.VOLUME
    return ImageKind.THUMBNAIL if number == 1 else None


def _check_order(images: list[SourceImage], uri: str) -> None:
    sizes = [(i.grid.columns, i.grid.rows) for i in images if i.kind is ImageKind.VOLUME]
    for larger, smaller in pairwise(sizes):
        if smaller[0] >= larger[0] or smaller[1] >= larger[1]:
            raise SourceError(f"{uri}: a level of {smaller} follows one of {larger}: the levels do not shrink", uri=uri)


def _facts(description: str) -> ScannerFacts:
    """Read the base level's ImageDescription."""
    head, values = description.partition("|")[0], _values(description)
    power = _number(values.get("AppMag", ""))
    facts = ScannerFacts(
        objective_power=power if power is not None and power > 0 else None,
        manufacturer="Leica Biosystems" if "leica" in head.lower() else "Aperio",
        model=_model(head),
        serial_number=values.get("ScanScope ID", values.get("DSR ID", "")),
        software_versions=tuple(dict.fromkeys(re.findall(r"Aperio Image Library v[\d.]+", head))),
        acquisition_datetime=_datetime(values),
        barcode=values.get("Barcode", ""),
    )
    mpp = _number(values.get("MPP", ""))
    if mpp is not None and mpp > 0:
        facts = replace(facts, pixel_spacing_mm=(mpp / 1000, mpp / 1000))
    left, top = _number(values.get("Left", "")), _number(values.get("Top", ""))
    if left is None or top is None:
        return facts
    # mm of the top left corner, from the left (label) edge and upwards from the lower edge: read otherwise, CMU-1 with
    # its 16.4 mm would not lie on a slide. In slide coordinates X is up and Y towards the label (PS3.3 C.8.12.2.1).
    return replace(facts, origin_mm=(top, SLIDE_LENGTH_MM - left))


def _values(description: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in description.split("|")[1:])
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _model(head: str) -> str:
    """Return the scanner's name where the first line gives it (`Aperio Leica Biosystems GT450 v1.0.1`)."""
    found = re.match(r"Aperio Leica Biosystems (\S+)", head)
    return found.group(1) if found else ""


def _number(text: str) -> float | None:
    """Read a number; some locales write a decimal comma. None for what is none, infinite ones among them."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _datetime(values: dict[str, str]) -> str:
    """Make a DICOM DT of Date (MM/DD/YY or MM/DD/YYYY), Time and Time Zone (GMT-0500)."""
    date = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d|\d{4})", values.get("Date", ""))
    time = re.fullmatch(r"(\d\d):(\d\d):(\d\d)", values.get("Time", ""))
    if not date:
        return ""
    month, day, year = date.groups()
    if len(year) == 2:
        year = f"20{year}"  # the first ScanScope is of 1999, its SVS of later
    zone = re.fullmatch(r"GMT([+-])(\d\d):?(\d\d)", values.get("Time Zone", ""))
    return date_time(
        year + month + day + ("".join(time.groups()) if time else ""), "".join(zone.groups()) if zone else ""
    )
