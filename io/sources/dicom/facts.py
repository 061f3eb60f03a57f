"""What headers of a series say of scanner, colour and optical paths, in the terms of `SlideDescription`."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

from pydicom import Dataset
from pydicom.multival import MultiValue

from pipeline.io.dicom.placement import ORIENTATION
from pipeline.model.source import Illumination, OpticalPathFacts, ScannerFacts

_ILLUMINATIONS = {
    "111741": Illumination.BRIGHTFIELD,
    "111743": Illumination.FLUORESCENCE,
    "111744": Illumination.BRIGHTFIELD,
    "111745": Illumination.DARKFIELD,
    "111746": Illumination.OBLIQUE,
    "111747": Illumination.PHASE_CONTRAST,
    "111748": Illumination.DIFFERENTIAL_INTERFERENCE_CONTRAST,
}
"""PS3.16 CID 8123 Microscopy Illumination Method; transmission illumination is what brightfield is."""
_TEXT_VRS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
_NEAR = 1e-4
"""Of direction cosines: they are written with a few decimals."""


def scanner_facts(base: Dataset, label: Dataset | None) -> ScannerFacts:
    """Read the base level's header, and the label's for what is written on it."""
    return ScannerFacts(
        pixel_spacing_mm=_pixel_spacing_mm(base),
        objective_power=next((p for path in _paths(base) if (p := _positive(path.get("ObjectiveLensPower")))), None),
        manufacturer=text(base, "Manufacturer"),
        model=text(base, "ManufacturerModelName"),
        serial_number=text(base, "DeviceSerialNumber"),
        software_versions=tuple(str(v) for v in _several(base.get("SoftwareVersions"))),
        acquisition_datetime=text(base, "AcquisitionDateTime") or _acquired(base),
        barcode=text(label or base, "BarcodeValue"),
        label_text=text(label or base, "LabelText"),
        focus_method=text(base, "FocusMethod"),
        origin_mm=_origin_mm(base),
    )


def has_usual_orientation(header: Dataset) -> bool:
    """Whether rows run along -Y and columns along -X of the slide, as what is written says; also if nothing is said."""
    cosines = [float(c) for c in header.get("ImageOrientationSlide") or ()]
    return not cosines or (
        len(cosines) == 6 and all(abs(a - b) < _NEAR for a, b in zip(cosines, ORIENTATION, strict=True))
    )


def icc_profile(base: Dataset) -> bytes:
    """Return the first profile of an optical path, or the image's; empty where there is none."""
    holders = chain(_paths(base), (base,))
    return next((bytes(holder.ICCProfile) for holder in holders if holder.get("ICCProfile")), b"")


def optical_paths(headers: Sequence[Dataset], identifiers: Sequence[str], samples: int) -> tuple[OpticalPathFacts, ...]:
    """Describe the optical paths of these identifiers, whichever header lists them."""
    items: dict[str, Dataset] = {}
    for path in chain.from_iterable(map(_paths, headers)):
        items.setdefault(str(path.get("OpticalPathIdentifier", "")), path)
    several = len(identifiers) > 1
    unsaid = Illumination.FLUORESCENCE if samples == 1 and several else Illumination.BRIGHTFIELD
    return tuple(_path_facts(items.get(one, Dataset()), one if several else "", unsaid) for one in identifiers)


def properties(header: Dataset, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield all text of a header, sequences included: the place as keywords, and the value."""
    for element in header:
        name = prefix + (element.keyword or f"({element.tag.group:04X},{element.tag.element:04X})")
        if element.VR == "SQ":
            for number, item in enumerate(element.value or ()):
                yield from properties(item, f"{name}[{number}].")
        elif element.VR in _TEXT_VRS and element.value not in (None, ""):
            yield name, "\\".join(str(value) for value in _several(element.value))


def text(header: Dataset, keyword: str) -> str:
    """Return a text attribute, several values as DICOM joins them; empty where there is none."""
    return "\\".join(str(value) for value in _several(header.get(keyword))).strip()


def _path_facts(path: Dataset, fallback: str, unsaid: Illumination) -> OpticalPathFacts:
    codes = (str(code.get("CodeValue", "")) for code in path.get("IlluminationTypeCodeSequence") or ())
    lit = next((_ILLUMINATIONS[code] for code in codes if code in _ILLUMINATIONS), unsaid)
    channel = next((str(c.get("CodeMeaning", "")) for c in path.get("ChannelDescriptionCodeSequence") or ()), "")
    return OpticalPathFacts(
        name=text(path, "OpticalPathDescription") or channel or fallback,
        illumination=lit,
        excitation_wavelength_nm=_positive(path.get("IlluminationWaveLength")) or _filter_nm(path, "Light"),
        emission_wavelength_nm=_filter_nm(path, "Image"),
        colour=_shown_colour(path),
    )


def _filter_nm(path: Dataset, of: str) -> float | None:
    """Return what a filter of the light or the image path lets pass, in nm: a wavelength, or the middle of a band."""
    for holder in (path, *(path.get(f"{of}PathFilterTypeStackCodeSequence") or ())):
        wavelength = _positive(holder.get(f"{of}PathFilterPassThroughWavelength"))
        band = [_positive(edge) for edge in _several(holder.get(f"{of}PathFilterPassBand"))]
        if wavelength:
            return wavelength
        if len(band) == 2 and band[0] and band[1]:
            return (band[0] + band[1]) / 2
    return None


def _shown_colour(path: Dataset) -> tuple[int, int, int] | None:
    """Return what the brightest sample is shown as: the last entry of each palette (PS3.3 C.7.6.3.1.6)."""
    for palette in path.get("PaletteColorLookupTableSequence") or ():
        entries = [_last_entry(palette, name) for name in ("Red", "Green", "Blue")]
        if None not in entries:
            red, green, blue = (entry or 0 for entry in entries)
            return red, green, blue
    return None


def _last_entry(palette: Dataset, name: str) -> int | None:
    """Return the last entry of a palette of one colour, 0 to 255.

    The last word of a segmented palette is the value that its last segment ends with (C.7.9.2).
    """
    descriptor = palette.get(f"{name}PaletteColorLookupTableDescriptor")
    data = palette.get(f"Segmented{name}PaletteColorLookupTableData") or palette.get(
        f"{name}PaletteColorLookupTableData"
    )
    if not isinstance(data, bytes) or len(data) < 2 or len(_several(descriptor)) != 3:
        return None
    packed = len(data) == int(descriptor[0]) and int(descriptor[2]) == 8
    last = data[-1] if packed else int.from_bytes(data[-2:], "little")
    return min(255, last >> 8 if int(descriptor[2]) == 16 else last)


def _pixel_spacing_mm(base: Dataset) -> tuple[float, float] | None:
    """Return PixelSpacing, or what follows from the imaged volume (PS3.3 C.8.12.4.1.2)."""
    for groups in base.get("SharedFunctionalGroupsSequence") or ():
        for measures in groups.get("PixelMeasuresSequence") or ():
            spacing = [_positive(value) for value in _several(measures.get("PixelSpacing"))]
            if len(spacing) == 2 and spacing[0] and spacing[1]:
                return spacing[0], spacing[1]
    sizes = (
        (_positive(base.get(f"ImagedVolume{of}")), _positive(base.get(f"TotalPixelMatrix{edge}")))
        for of, edge in (("Height", "Rows"), ("Width", "Columns"))
    )
    rows, columns = (extent / pixels if extent and pixels else None for extent, pixels in sizes)
    return (rows, columns) if rows and columns else None


def _origin_mm(base: Dataset) -> tuple[float, float] | None:
    if not has_usual_orientation(base):
        return None
    for origin in base.get("TotalPixelMatrixOriginSequence") or ():
        offsets = [origin.get(f"{axis}OffsetInSlideCoordinateSystem") for axis in "XY"]
        if all(offset is not None and math.isfinite(float(offset)) for offset in offsets):
            return float(offsets[0]), float(offsets[1])
    return None


def _acquired(base: Dataset) -> str:
    """Join AcquisitionDate and AcquisitionTime, where there is no AcquisitionDateTime."""
    date = text(base, "AcquisitionDate")
    return date + text(base, "AcquisitionTime") if date else ""


def _paths(header: Dataset) -> Sequence[Dataset]:
    return header.get("OpticalPathSequence") or ()


def _several(value: object) -> Sequence[object]:
    if value is None or value == "":
        return ()
    return tuple(value) if isinstance(value, MultiValue | list | tuple) else (value,)


def _positive(value: object) -> float | None:
    """Read a scale; None for what is none: missing, 0, less or infinite."""
    if value is None or value == "" or isinstance(value, MultiValue):
        return None
    number = float(str(value))
    return number if math.isfinite(number) and number > 0 else None
