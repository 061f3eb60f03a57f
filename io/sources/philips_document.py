"""The XML document of a Philips TIFF: data objects of attributes, most of them named after DICOM keywords.

It is in the ImageDescription of the first directory (OpenSlide's description of the Philips format). The object
`DPUfsImport` holds scanned images (`PIM_DP_SCANNED_IMAGES`), each with a `PIM_DP_IMAGE_TYPE`: WSI, LABELIMAGE or
MACROIMAGE. The first of these has a representation for each level, with the level's pixel spacing.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipeline.io.sources.vendor_xml import parse_document
from pipeline.model.errors import SourceError

ROOT_TYPE = "DPUfsImport"
_IMAGES, _KIND, _DATA = "PIM_DP_SCANNED_IMAGES", "PIM_DP_IMAGE_TYPE", "PIM_DP_IMAGE_DATA"
_REPRESENTATIONS = "PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE"
_SPACING = "DICOM_PIXEL_SPACING"
_QUOTED = re.compile(r'"([^"]*)"')
_LONGEST_VALUE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PhilipsDocument:
    """What the document tells."""

    attributes: dict[str, str]
    """Of the slide, and of its scan where the slide has none of the name."""
    spacing_mm: tuple[float, float] | None
    """Of the base level, (between rows, between columns)."""
    level_spacings_mm: tuple[tuple[float, float], ...]
    """Of each level, base first."""
    label: str
    """Base64 of a JPEG, as is `macro`; empty when there is none."""
    macro: str
    properties: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        """Return an attribute, the first of several values; empty when there is none."""
        return next(iter(self.values(name)), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of an attribute; lists of them are quoted."""
        text = self.attributes.get(name, "")
        return tuple(v.strip() for v in _QUOTED.findall(text) or [text] if v.strip())


def parse_philips(description: str, uri: str) -> PhilipsDocument:
    """Read the document. SourceError when it is damaged, or does not describe one scan."""
    root = parse_document(description, uri, "ImageDescription")
    if root.tag != "DataObject" or root.get("ObjectType") != ROOT_TYPE:
        raise SourceError(f"{uri}: its ImageDescription is no {ROOT_TYPE}, as a Philips TIFF has", uri=uri)
    images = _objects(root, _IMAGES)
    scans = [image for image in images if _attributes(image).get(_KIND) == "WSI"]
    if len(scans) != 1:
        raise SourceError(f"{uri}: it describes {len(scans)} scans of the slide, not one", uri=uri)
    scan = _attributes(scans[0])
    spacings = tuple(
        _spacing(_attributes(level).get(_SPACING, ""), uri) for level in _objects(scans[0], _REPRESENTATIONS)
    )
    return PhilipsDocument(
        attributes=scan | _attributes(root),
        spacing_mm=_spacing(scan[_SPACING], uri) if _SPACING in scan else next(iter(spacings), None),
        level_spacings_mm=spacings,
        label=_picture(images, "LABELIMAGE"),
        macro=_picture(images, "MACROIMAGE"),
        properties=tuple(_properties(root)),
    )


def decode_base64(text: str) -> bytes | None:
    """Return what base64 stands for, line breaks in it allowed; None for what is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _attributes(element: Element) -> dict[str, str]:
    """Return the attributes of a data object that hold text."""
    return {
        child.get("Name", ""): (child.text or "").strip() for child in element.findall("Attribute") if not len(child)
    }


def _objects(element: Element, name: str) -> list[Element]:
    found = (child for child in element.findall("Attribute") if child.get("Name") == name)
    return [item for child in found for item in child.findall("Array/DataObject")]


def _picture(images: list[Element], kind: str) -> str:
    found = (_attributes(image) for image in images)
    return next((attributes.get(_DATA, "") for attributes in found if attributes.get(_KIND) == kind), "")


def _spacing(text: str, uri: str) -> tuple[float, float]:
    """Read a pixel spacing, two quoted numbers: between rows, then between columns (PS3.3 10.7.1.3)."""
    try:
        rows, columns = (float(part) for part in text.replace('"', " ").split())
    except ValueError:
        rows = columns = math.nan
    if not (math.isfinite(rows) and math.isfinite(columns) and min(rows, columns) > 0):
        raise SourceError(f"{uri}: a level's {_SPACING} is {text[:40]!r}, not two spacings", uri=uri)
    return rows, columns


def _properties(root: Element) -> Iterator[tuple[str, str]]:
    stack = [(root, "philips")]
    while stack:
        element, path = stack.pop()
        nested = []
        for attribute in element.findall("Attribute"):
            name = f"{path}.{attribute.get('Name', '')}"
            text = (attribute.text or "").strip()
            if text and not name.endswith(_DATA):
                yield name, text[:_LONGEST_VALUE]
            nested += [(item, f"{name}[{place}]") for place, item in enumerate(attribute.findall("Array/DataObject"))]
        stack.extend(reversed(nested))
