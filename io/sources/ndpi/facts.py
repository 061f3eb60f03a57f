"""What the tags of an NDPI file say of slide, scanner and filters."""

import re
from collections.abc import Iterator, Sequence

from pipeline.io.dicom.placement import SLIDE_LENGTH_MM
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.ndpi.directories import Directory
from pipeline.io.sources.ndpi.tags import BARCODES, Tag
from pipeline.io.sources.numbers import positive
from pipeline.model.source import Illumination, OpticalPathFacts, ScannerFacts

_MM_PER_UNIT = {None: 25.4, 2: 25.4, 3: 10.0}
"""TIFF 6.0 ResolutionUnit: inch, also where it is not given; centimetre."""
_SLIDE_WIDTH_MM = 25.0
_NM_PER_MM = 1_000_000
_TEXTS = {
    270: "tiff.ImageDescription",
    Tag.MAKE: "tiff.Make",
    Tag.MODEL: "tiff.Model",
    Tag.SOFTWARE: "tiff.Software",
    Tag.DATE_TIME: "tiff.DateTime",
    315: "tiff.Artist",
    316: "tiff.HostComputer",
    33432: "tiff.Copyright",
    Tag.REFERENCE: "hamamatsu.Reference",
    Tag.FILTER_SET: "hamamatsu.FilterSet",
    Tag.SERIAL_NUMBER: "hamamatsu.SerialNumber",
    Tag.FIRMWARE: "hamamatsu.FirmwareVersion",
}


def scanner_facts(base: Directory, columns: int, rows: int) -> ScannerFacts:
    """Read the tags of the base level, which has a size in pixels."""
    spacing = _spacing(base)
    versions = (base.text(Tag.SOFTWARE), base.text(Tag.FIRMWARE))
    return ScannerFacts(
        pixel_spacing_mm=spacing,
        objective_power=base.real(Tag.SOURCE_LENS),
        manufacturer=base.text(Tag.MAKE),
        model=base.text(Tag.MODEL),
        serial_number=base.text(Tag.SERIAL_NUMBER),
        software_versions=tuple(version for version in versions if version),
        acquisition_datetime=tiff_date_time(base.text(Tag.DATE_TIME)),
        barcode=next((text for i in range(BARCODES) if (text := base.text(Tag.BARCODE + i))), ""),
        label_text=base.text(Tag.REFERENCE),
        origin_mm=_origin(base, spacing, columns, rows),
    )


def optical_path(base: Directory) -> OpticalPathFacts:
    """Describe the light of the levels: fluorescence where a filter set is named."""
    filters = base.text(Tag.FILTER_SET)
    if not filters:
        return OpticalPathFacts()
    comments = dict(_comments(base))
    return OpticalPathFacts(
        name=filters,
        illumination=Illumination.FLUORESCENCE,
        excitation_wavelength_nm=positive(comments.get("ExcitationWaveLength", "")),
        emission_wavelength_nm=positive(comments.get("EmissionWaveLength", ""))
        or positive(str(base.real(Tag.WAVELENGTH))),
    )


def text_properties(directories: Sequence[Directory]) -> tuple[tuple[str, str], ...]:
    """Return all text of all directories, each name and value once."""
    found: dict[tuple[str, str], None] = {}
    for directory in directories:
        for code, entry in directory.entries.items():
            if code == Tag.COMMENTS:
                found |= dict.fromkeys((f"hamamatsu.{name}", value) for name, value in _comments(directory))
            elif entry.type == 2 and (text := directory.text(code)):
                found[_TEXTS.get(code, f"hamamatsu.{code}"), text] = None
    return tuple(found)


def _spacing(base: Directory) -> tuple[float, float] | None:
    across, down = base.real(Tag.X_RESOLUTION), base.real(Tag.Y_RESOLUTION)
    unit = _MM_PER_UNIT.get(base.integer(Tag.RESOLUTION_UNIT))
    return (unit / down, unit / across) if unit and across and down and across > 0 and down > 0 else None


def _origin(
    base: Directory, spacing: tuple[float, float] | None, columns: int, rows: int
) -> tuple[float, float] | None:
    """Place the top left pixel in the Slide Coordinate System.

    The offsets are of the image's centre from the slide's, to the right and down in a picture that has the label on the
    left; there X of the slide is up and Y to the left (PS3.3 C.8.12.2.1).
    """
    right, down = base.integer(Tag.X_OFFSET_FROM_CENTRE), base.integer(Tag.Y_OFFSET_FROM_CENTRE)
    if right is None or down is None or spacing is None:
        return None
    left, top = right / _NM_PER_MM - columns * spacing[1] / 2, down / _NM_PER_MM - rows * spacing[0] / 2
    return _SLIDE_WIDTH_MM / 2 - top, SLIDE_LENGTH_MM / 2 - left


def _comments(directory: Directory) -> Iterator[tuple[str, str]]:
    """Yield the pairs of the tag's lines; those of the filters begin with a semicolon."""
    for line in re.split(r"[\r\n]+", directory.text(Tag.COMMENTS)):
        name, equals, value = line.lstrip(";").partition("=")
        if equals and name.strip():
            yield name.strip(), value.strip()
