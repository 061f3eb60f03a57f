"""What the XML of a CZI file tells: scaling, channels, objective, scanner, dates, barcode.

The schema is ZEISS's CZI metadata (ImageDocument/Metadata). Lengths in `Scaling` are in metres. A channel is told
twice, under `Information` by the acquisition and under `DisplaySetting` by the viewer, both times in the order of C.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipeline.io.sources.dates import date_time
from pipeline.io.sources.numbers import positive
from pipeline.io.sources.vendor_xml import document_properties, parse_document, text_at
from pipeline.model.source import Illumination, OpticalPathFacts, ScannerFacts

_CONTRASTS = {
    "Brightfield": Illumination.BRIGHTFIELD,
    "Fluorescence": Illumination.FLUORESCENCE,
    "Darkfield": Illumination.DARKFIELD,
    "Phase": Illumination.PHASE_CONTRAST,
    "DIC": Illumination.DIFFERENTIAL_INTERFERENCE_CONTRAST,
    "ObliqueIllumination": Illumination.OBLIQUE,
}
_SOURCES = {
    "Transmitted": Illumination.BRIGHTFIELD,
    "Epifluorescence": Illumination.FLUORESCENCE,
    "Oblique": Illumination.OBLIQUE,
}
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d*)?(Z|[+-]\d\d:\d\d)?")
_MAKER = "Zeiss"


@dataclass(frozen=True, slots=True, kw_only=True)
class CziMetadata:
    """What is known of the file beside its sub-blocks. None and empty: it does not say."""

    facts: ScannerFacts
    channels: tuple[OpticalPathFacts, ...]
    told: tuple[bool, ...]
    """Whether the illumination of each channel is told, or has to be guessed from its pixels."""
    component_bits: int | None
    """Bits that samples use, the largest of all channels."""
    plane_distance_um: float | None
    planes_descend: bool
    """Z counts from the coverslip to the glass."""
    scene_names: tuple[str, ...]
    minification: int | None
    properties: tuple[tuple[str, str], ...]


def read_metadata(xml: bytes, uri: str) -> CziMetadata:
    """Read the XML; what is missing or malformed in it is left out. Raises SourceError when it is no XML."""
    text = xml.strip(b"\0 \r\n\t")
    root = parse_document(text, uri, "metadata") if text else Element("ImageDocument")
    image = _first(root, "Metadata/Information/Image")
    channels = list(_channels(root, image))
    bits = [positive(e.text) for e in image.iter("ComponentBitCount")]
    return CziMetadata(
        facts=_facts(root, image),
        channels=tuple(facts for facts, _ in channels),
        told=tuple(told for _, told in channels),
        component_bits=max((int(b) for b in bits if b), default=None),
        plane_distance_um=_micrometres(root, "Z"),
        planes_descend=_planes_descend(root, image),
        scene_names=tuple(scene.get("Name", "") for scene in image.findall("Dimensions/S/Scenes/Scene")),
        minification=_minification(image),
        properties=document_properties(root, "czi"),
    )


def _facts(root: Element, image: Element) -> ScannerFacts:
    spacing = [_micrometres(root, axis) for axis in "YX"]
    information = _first(root, "Metadata/Information")
    application = [text_at(information, f"Application/{name}") for name in ("Name", "Version")]
    microscope = _first(information, "Instrument/Microscopes/Microscope")
    label = _first(root, ".//AttachmentInfo/Label")
    date = _date(text_at(image, "AcquisitionDateAndTime")) or _date(text_at(information, "Document/CreationDate"))
    return ScannerFacts(
        pixel_spacing_mm=(spacing[0] / 1000, spacing[1] / 1000) if spacing[0] and spacing[1] else None,
        objective_power=_objective_power(information, image),
        manufacturer=_MAKER,
        model=microscope.get("Name", "") or text_at(microscope, "System"),
        serial_number=text_at(microscope, "Manufacturer/SerialNumber"),
        software_versions=(" ".join(filter(None, application)),) if any(application) else (),
        acquisition_datetime=date,
        barcode=text_at(label, ".//Barcode/Content"),
    )


def _objective_power(information: Element, image: Element) -> float | None:
    objectives = information.findall("Instrument/Objectives/Objective")
    wanted = _first(image, "ObjectiveSettings/ObjectiveRef").get("Id")
    chosen = [objective for objective in objectives if objective.get("Id") == wanted] or objectives[:1]
    return positive(text_at(chosen[0], "NominalMagnification")) if chosen else None


def _channels(root: Element, image: Element) -> Iterator[tuple[OpticalPathFacts, bool]]:
    acquired = image.findall("Dimensions/Channels/Channel")
    shown = root.findall("Metadata/DisplaySetting/Channels/Channel")
    for place in range(max(len(acquired), len(shown))):
        channel = acquired[place] if place < len(acquired) else Element("Channel")
        display = shown[place] if place < len(shown) else Element("Channel")
        excitation = positive(text_at(channel, "ExcitationWavelength"))
        emission = positive(text_at(channel, "EmissionWavelength"))
        illumination = _CONTRASTS.get(text_at(channel, "ContrastMethod")) or _SOURCES.get(
            text_at(channel, "IlluminationType")
        )
        if illumination is None and (excitation or emission):
            illumination = Illumination.FLUORESCENCE
        facts = OpticalPathFacts(
            name=channel.get("Name") or display.get("Name") or text_at(display, "ShortName"),
            illumination=illumination or Illumination.BRIGHTFIELD,
            excitation_wavelength_nm=excitation,
            emission_wavelength_nm=emission,
            colour=_colour(text_at(channel, "Color")) or _colour(text_at(display, "Color")),
        )
        yield facts, illumination is not None


def _planes_descend(root: Element, image: Element) -> bool:
    """Say whether Z runs towards the specimen, seen from the coverslip; of an inverted microscope from the glass."""
    towards = text_at(image, "Dimensions/Z/ZAxisDirection") == "FromObjectiveToSpecimen"
    microscope = _first(root, "Metadata/Information/Instrument/Microscopes/Microscope")
    inverted = text_at(microscope, "Type") == "Inverted"
    told = text_at(image, "Dimensions/Z/ZAxisDirection") in ("FromObjectiveToSpecimen", "FromSpecimenToObjective")
    return told and towards is not inverted


def _minification(image: Element) -> int | None:
    factors = {positive(e.text) for e in image.iter("MinificationFactor")}
    factor = factors.pop() if len(factors) == 1 else None
    return int(factor) if factor and 2 <= factor <= 16 and factor == int(factor) else None


def _micrometres(root: Element, axis: str) -> float | None:
    for distance in root.iterfind("Metadata/Scaling/Items/Distance"):
        metres = positive(text_at(distance, "Value"))
        if distance.get("Id") == axis and metres:
            return metres * 1e6
    return None


def _first(element: Element, path: str) -> Element:
    found = element.find(path)
    return Element("Nothing") if found is None else found


def _colour(text: str) -> tuple[int, int, int] | None:
    match = _COLOUR.fullmatch(text)
    if match is None:
        return None
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match is None:
        return ""
    offset = "+0000" if match[7] == "Z" else (match[7] or "").replace(":", "")
    return date_time("".join(match.groups()[:6]), offset)
