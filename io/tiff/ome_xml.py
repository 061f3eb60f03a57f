"""OME-XML of the 2016-06 schema for a slide: its levels are one image, label and overview one each."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.plan import InstancePlan
from pipeline.model.source import ImageKind, OpticalPathFacts

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_MICROMETRES_IN_MILLIMETRE = 1000
_NAMES = {ImageKind.LABEL: "label image", ImageKind.OVERVIEW: "macro image"}
"""What Bio-Formats calls them."""


def ome_xml(slide: OpenedSlide, images: Sequence[InstancePlan], *, has_scale: bool) -> str:
    """Return the document; `images` are the base level and the associated images, in the order of their directories."""
    root = ET.Element(
        "OME",
        {
            "xmlns": _NAMESPACE,
            "xmlns:xsi": _SCHEMA,
            "xsi:schemaLocation": f"{_NAMESPACE} {_NAMESPACE}/ome.xsd",
            "Creator": "slidebeam",
        },
    )
    power = slide.plan.facts.objective_power
    if power is not None:
        instrument = ET.SubElement(root, "Instrument", ID="Instrument:0")
        ET.SubElement(instrument, "Objective", ID="Objective:0", NominalMagnification=f"{power:g}")
    directory = 0
    for number, plan in enumerate(images):
        image = ET.SubElement(root, "Image", ID=f"Image:{number}", Name=_NAMES.get(plan.kind, "slide"))
        if power is not None and plan.kind is ImageKind.VOLUME:
            ET.SubElement(image, "InstrumentRef", ID="Instrument:0")
            ET.SubElement(image, "ObjectiveSettings", ID="Objective:0")
        directory = _pixels(image, slide, plan, number, directory, has_scale=has_scale)
    document: bytes = ET.tostring(root, encoding="us-ascii")
    return '<?xml version="1.0" encoding="UTF-8"?>' + document.decode()


def _pixels(
    image: ET.Element, slide: OpenedSlide, plan: InstancePlan, number: int, directory: int, *, has_scale: bool
) -> int:
    """Add the pixels of an image whose planes begin at a directory, and return the directory behind them."""
    channels, depth = len(plan.optical_paths), plan.focal_planes
    attributes = {
        "ID": f"Pixels:{number}",
        "DimensionOrder": "XYZCT",
        "Type": f"uint{plan.bits}",
        "SizeX": str(plan.grid.columns),
        "SizeY": str(plan.grid.rows),
        "SizeZ": str(depth),
        "SizeC": str(channels * plan.samples),
        "SizeT": "1",
    }
    if plan.bits_stored != plan.bits:
        attributes["SignificantBits"] = str(plan.bits_stored)
    if plan.pixel_spacing_mm is not None and has_scale:
        for axis, spacing_mm in zip("YX", plan.pixel_spacing_mm, strict=True):
            attributes[f"PhysicalSize{axis}"] = f"{spacing_mm * _MICROMETRES_IN_MILLIMETRE:.10g}"
            attributes[f"PhysicalSize{axis}Unit"] = "\u00b5m"
    offsets = slide.plan.focal_plane_offsets_um
    if depth > 1:
        attributes["PhysicalSizeZ"] = f"{(offsets[-1] - offsets[0]) / (depth - 1):.10g}"
        attributes["PhysicalSizeZUnit"] = "\u00b5m"
    pixels = ET.SubElement(image, "Pixels", attributes)
    for channel, path in enumerate(plan.optical_paths):
        facts = slide.plan.optical_paths[path] if plan.kind is ImageKind.VOLUME else OpticalPathFacts()
        ET.SubElement(pixels, "Channel", _channel(f"Channel:{number}:{channel}", facts, plan.samples))
    for channel in range(channels):
        for plane in range(depth):
            ET.SubElement(
                pixels,
                "TiffData",
                IFD=str(directory),
                FirstC=str(channel * plan.samples),
                FirstZ=str(plane),
                PlaneCount="1",
            )
            directory += 1
    return directory


def _channel(identifier: str, facts: OpticalPathFacts, samples: int) -> dict[str, str]:
    values = {"ID": identifier, "SamplesPerPixel": str(samples)}
    if facts.name:
        values["Name"] = facts.name
    if facts.colour is not None:
        red, green, blue = facts.colour
        values["Color"] = str(int.from_bytes(bytes((red, green, blue, 255)), "big", signed=True))
    for name, wavelength in (
        ("ExcitationWavelength", facts.excitation_wavelength_nm),
        ("EmissionWavelength", facts.emission_wavelength_nm),
    ):
        if wavelength is not None:
            values[name] = f"{wavelength:g}"
            values[f"{name}Unit"] = "nm"
    return values
