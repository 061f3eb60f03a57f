"""The XML that Akoya (PerkinElmer) scanners write into each directory of a QPTIFF.

Its root is PerkinElmer-QPI-ImageDescription. Fusion and inForm name the channel at the root of each directory's
document; Vectra and PhenoImager scans repeat one document in all of them, with a ScanBands entry a channel.
"""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from pipeline.io.sources.vendor_xml import document_properties, parse_document, text_at
from pipeline.model.errors import SourceError

_LARGEST_DOCUMENT = 4 << 20
_ROOT = "PerkinElmer-QPI-ImageDescription"
_BANDS = "ScanBands-i"


@dataclass(frozen=True, slots=True, kw_only=True)
class QpiChannel:
    """What is told of one channel."""

    name: str = ""
    """Of the biomarker, else of the filter."""
    colour: tuple[int, int, int] | None = None
    excitation_nm: float | None = None
    emission_nm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QpiPage:
    """What one directory's document says. Empty: it has none, or does not say."""

    image_type: str = ""
    """FullResolution, ReducedResolution, Thumbnail, Overview, Label."""
    channel: QpiChannel = field(default=QpiChannel())
    bands: tuple[QpiChannel, ...] = ()
    """Channels of the whole scan."""
    pixel_size_um: float | None = None
    magnification: float | None = None
    instrument: str = ""
    software: str = ""
    barcode: str = ""
    is_fluorescence: bool = False
    properties: tuple[tuple[str, str], ...] = ()


def read_page(text: str, uri: str) -> QpiPage:
    """Return what a directory's ImageDescription says. Raises SourceError for damaged XML."""
    start = text.find("<")
    if start < 0 or _ROOT not in text:
        return QpiPage()
    if len(text) > _LARGEST_DOCUMENT:
        raise SourceError(f"{uri}: an ImageDescription of {len(text)} characters is too large to read", uri=uri)
    root = parse_document(text[start:], uri, "ImageDescription")
    magnification = _number(_first(root, "Magnification")) or _leading_number(text_at(root, "Objective"))
    return QpiPage(
        image_type=text_at(root, "ImageType"),
        channel=_channel(root),
        bands=tuple(_channel(band) for band in root.iter(_BANDS)),
        pixel_size_um=_number(_first(root, "PixelSizeMicrons")),
        magnification=magnification,
        instrument=text_at(root, "InstrumentType"),
        software=text_at(root, "AcquisitionSoftware"),
        barcode=text_at(root, "Barcode"),
        is_fluorescence="fluorescence" in _first(root, "Mode").lower(),
        properties=document_properties(root, "qpi"),
    )


def _channel(element: Element) -> QpiChannel:
    return QpiChannel(
        name=text_at(element, "Biomarker") or text_at(element, "BioMarker") or text_at(element, "Name"),
        colour=_colour(text_at(element, "Color")),
        excitation_nm=_number(text_at(element, "ExcitationWavelength")) or _centre(element, "ExcitationFilter"),
        emission_nm=_number(text_at(element, "HomeWavelength")) or _centre(element, "EmissionFilter"),
    )


def _centre(element: Element, name: str) -> float | None:
    """Return the centre of a filter's band, in nanometres; None where there is none, or there are several."""
    bands = [band for band in element.iterfind(f"{name}/Bands/Band") if text_at(band, "Active").lower() != "false"]
    if len(bands) != 1:
        return None
    begin, end = _number(text_at(bands[0], "Cuton")), _number(text_at(bands[0], "Cutoff"))
    return (begin + end) / 2 if begin and end else None


def _first(root: Element, name: str) -> str:
    """Return the first text of that name anywhere in a document."""
    return next(((element.text or "").strip() for element in root.iter(name)), "")


def _colour(text: str) -> tuple[int, int, int] | None:
    parts = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if len(parts) != 3 or max(parts) > 255:
        return None
    return parts[0], parts[1], parts[2]


def _number(text: str) -> float | None:
    """Return a number above zero; None for what is none."""
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d*)?", text) and float(text) > 0 else None


def _leading_number(text: str) -> float | None:
    """Return the number that `20x` begins with."""
    match = re.match(r"\d{1,4}(\.\d+)?", text)
    return _number(match[0]) if match else None
