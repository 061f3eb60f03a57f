"""The XML document of a Leica SCN: a collection of images, each with its place on the slide and its directories.

The document is in the ImageDescription of the first directory (OpenSlide's description of the Leica format; schemas
`http://www.leica-microsystems.com/scn/2010/03/10` and `2010/10/01`). Sizes and places are in nanometres. A `dimension`
names the directory (`ifd`) of one resolution (`r`), channel (`c`) and focal plane (`z`) of an image.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipeline.io.sources.vendor_xml import document_properties, integer, parse_document, text_at
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, OpticalPathFacts

SCHEMAS = "http://www.leica-microsystems.com/scn/"
_BASE64_BARCODES = "http://www.leica-microsystems.com/scn/2010/10/01"
_BAND = re.compile(r"\b(\d{3,4})\s*(?:/\s*\d+)?\b")
"""A filter: its centre in nanometres, and mostly the width of its band behind a slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScnDimension:
    """One directory of an image."""

    directory: int
    columns: int
    rows: int
    resolution: int
    """0 is the base level."""
    channel: int
    plane: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScnImage:
    """One scan: the overview of the whole slide, or a region of it."""

    name: str
    size_nm: tuple[int, int]
    """X and Y extent."""
    offset_nm: tuple[int, int]
    """X and Y of the top left corner in the collection."""
    plane_spacing_nm: int
    illumination: str
    objective: str
    created: str
    model: str
    version: str
    channels: dict[int, OpticalPathFacts]
    """What the document tells of each channel, by its number."""
    dimensions: tuple[ScnDimension, ...]

    @property
    def is_fluorescence(self) -> bool:
        """Whether the scan is of emitted light."""
        return "fluor" in self.illumination.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScnCollection:
    """All scans of a slide."""

    size_nm: tuple[int, int]
    """X and Y extent of the slide."""
    barcode: str
    label_text: str
    images: tuple[ScnImage, ...]
    properties: tuple[tuple[str, str], ...]

    def covers_slide(self, image: ScnImage) -> bool:
        """Whether an image is an overview: it lies in the collection's corner and is as large."""
        return image.offset_nm == (0, 0) and image.size_nm == self.size_nm


def parse_collection(description: str, uri: str) -> ScnCollection:
    """Read the document. SourceError when it is damaged, or no collection of images."""
    root = parse_document(description, uri, "ImageDescription")
    collection = root.find("collection")
    if root.tag != "scn" or collection is None:
        raise SourceError(f"{uri}: its ImageDescription holds no collection of images, as a Leica SCN has", uri=uri)
    return ScnCollection(
        size_nm=(integer(collection, "sizeX", uri), integer(collection, "sizeY", uri)),
        barcode=_barcode(collection, description),
        label_text=collection.get("ocr", "").strip(),
        images=tuple(_image(element, uri) for element in collection.findall("image")),
        properties=document_properties(root, "leica"),
    )


def _image(element: Element, uri: str) -> ScnImage:
    view = element.find("view")
    if view is None:
        raise SourceError(f"{uri}: image {element.get('name', '')!r} of the collection has no view", uri=uri)
    device = element.find("device")
    settings = "scanSettings/illuminationSettings/illuminationSource"
    return ScnImage(
        name=element.get("name", "").strip(),
        size_nm=(integer(view, "sizeX", uri), integer(view, "sizeY", uri)),
        offset_nm=(integer(view, "offsetX", uri, 0), integer(view, "offsetY", uri, 0)),
        plane_spacing_nm=integer(view, "spacingZ", uri, 0),
        illumination=text_at(element, settings),
        objective=text_at(element, "scanSettings/objectiveSettings/objective"),
        created=text_at(element, "creationDate"),
        model=(device.get("model", "") if device is not None else ""),
        version=(device.get("version", "") if device is not None else ""),
        channels=dict(_channels(element, uri)),
        dimensions=tuple(_dimension(found, uri) for found in element.findall("pixels/dimension")),
    )


def _dimension(element: Element, uri: str) -> ScnDimension:
    return ScnDimension(
        directory=integer(element, "ifd", uri),
        columns=integer(element, "sizeX", uri),
        rows=integer(element, "sizeY", uri),
        resolution=integer(element, "r", uri, 0),
        channel=integer(element, "c", uri, 0),
        plane=integer(element, "z", uri, 0),
    )


def _channels(image: Element, uri: str) -> Iterator[tuple[int, OpticalPathFacts]]:
    for place, channel in enumerate(image.findall("scanSettings/channelSettings/channel")):
        yield (
            integer(channel, "index", uri, place),
            OpticalPathFacts(
                name=channel.get("name", "").strip(),
                illumination=Illumination.FLUORESCENCE,
                excitation_wavelength_nm=_band_centre(channel, "excitation"),
                emission_wavelength_nm=_band_centre(channel, "suppression") or _band_centre(channel, "emission"),
                colour=_colour(channel.get("rgb", "")),
            ),
        )


def _band_centre(channel: Element, what: str) -> float | None:
    """Return the centre of a filter's band in nanometres. Schemas differ in attributes and elements; both are read."""
    texts = [value for name, value in channel.attrib.items() if what in name.lower()]
    texts += [child.text or "" for child in channel.iter() if what in child.tag.lower()]
    found = next((match for text in texts if (match := _BAND.search(text))), None)
    return float(found[1]) if found else None


def _colour(text: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    return (int(found[1], 16), int(found[2], 16), int(found[3], 16)) if found else None


def _barcode(collection: Element, description: str) -> str:
    """Return the barcode: base64 in an element in the later schema, plain in an attribute in the earlier one."""
    text = text_at(collection, "barcode")
    if not text:
        return collection.get("barcode", "").strip()
    if _BASE64_BARCODES not in description:
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8").strip("\0 \r\n")
    except (binascii.Error, ValueError):
        return text
