"""From OME-XML text to values (OME data model, schema 2016-06 and those before it)."""

from xml.etree.ElementTree import Element

from pipeline.io.sources.ome_tiff.model import Channel, Document, Image, Microscope, PlanePosition, TiffData
from pipeline.io.sources.ome_tiff.units import (
    DEFAULT_LENGTH,
    DEFAULT_POSITION,
    DEFAULT_WAVELENGTH,
    finite,
    micrometres,
)
from pipeline.io.sources.vendor_xml import document_properties, integer, parse_document
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination

_LARGEST_DOCUMENT = 16 << 20
"""Characters; an element weighs some hundred bytes once parsed."""
_MOST_ELEMENTS = 400_000
_NM_PER_UM = 1000
_CONTRASTS = {
    "Brightfield": Illumination.BRIGHTFIELD,
    "Phase": Illumination.PHASE_CONTRAST,
    "DIC": Illumination.DIFFERENTIAL_INTERFERENCE_CONTRAST,
    "Darkfield": Illumination.DARKFIELD,
    "Fluorescence": Illumination.FLUORESCENCE,
    "HoffmanModulation": Illumination.OBLIQUE,
    "ObliqueIllumination": Illumination.OBLIQUE,
    "PolarizedLight": Illumination.BRIGHTFIELD,
}
_ILLUMINATIONS = {
    "Transmitted": Illumination.BRIGHTFIELD,
    "Epifluorescence": Illumination.FLUORESCENCE,
    "Oblique": Illumination.OBLIQUE,
    "NonLinear": Illumination.FLUORESCENCE,
}
_BULKY = ("TiffData", "Plane", "BinData")


def read_document(text: str, uri: str) -> Document:
    """Return what an OME-XML document says. Raises SourceError for what is none, or contradicts itself."""
    if len(text) > _LARGEST_DOCUMENT or text.count("<") > 2 * _MOST_ELEMENTS:
        raise SourceError(
            f"{uri}: its OME-XML of {len(text)} characters is too large to read in bounded memory", uri=uri
        )
    root = parse_document(text, uri, "OME-XML")
    elsewhere = root.find("BinaryOnly")
    if elsewhere is not None:
        raise SourceError(
            f"{uri}: its OME-XML is in another file, {elsewhere.get('MetadataFile', '')!r}, and its planes may be in "
            "several; convert them to one OME-TIFF first",
            uri=uri,
        )
    images = tuple(_image(element, number, uri) for number, element in enumerate(root.findall("Image"), start=1))
    if not images:
        raise SourceError(f"{uri}: its OME-XML describes no image", uri=uri)
    return Document(
        uuid=root.get("UUID", ""),
        creator=root.get("Creator", "").strip(),
        images=images,
        instruments={
            element.get("ID", ""): _microscope(element.find("Microscope")) for element in root.findall("Instrument")
        },
        magnifications={
            element.get("ID", ""): power
            for element in root.iterfind("Instrument/Objective")
            if (power := finite(element.get("NominalMagnification"))) is not None and power > 0
        },
        properties=_properties(root),
    )


def _image(element: Element, number: int, uri: str) -> Image:
    pixels = element.find("Pixels")
    if pixels is None:
        raise SourceError(f"{uri}: image {number} of its OME-XML has no Pixels", uri=uri)
    sizes = {axis: integer(pixels, f"Size{axis}", uri) for axis in "XYCZT"}
    order = pixels.get("DimensionOrder", "")
    if min(sizes.values()) < 1 or sorted(order) != sorted("XYCZT") or order[:2] != "XY":
        told = ", ".join(f"Size{axis} {size}" for axis, size in sizes.items())
        raise SourceError(
            f"{uri}: image {number} of its OME-XML cannot be, with {told} and DimensionOrder {order!r}", uri=uri
        )
    significant = integer(pixels, "SignificantBits", uri, 0)
    instrument, objective = element.find("InstrumentRef"), element.find("ObjectiveSettings")
    if objective is None:
        objective = element.find("ObjectiveRef")
    return Image(
        name=element.get("Name", "").strip() or f"Image {number}",
        columns=sizes["X"],
        rows=sizes["Y"],
        size_c=sizes["C"],
        size_z=sizes["Z"],
        size_t=sizes["T"],
        order=order[2:],
        pixel_type=pixels.get("Type", ""),
        significant_bits=significant or None,
        physical_size_um=(_physical(pixels, "X"), _physical(pixels, "Y"), _physical(pixels, "Z")),
        channels=tuple(_channel(channel, uri) for channel in pixels.findall("Channel")),
        blocks=tuple(_block(block, uri) for block in pixels.findall("TiffData")),
        positions={
            (integer(plane, "TheC", uri, 0), integer(plane, "TheZ", uri, 0), integer(plane, "TheT", uri, 0)): (
                PlanePosition(x_um=_position(plane, "X"), y_um=_position(plane, "Y"), z_um=_position(plane, "Z"))
            )
            for plane in pixels.findall("Plane")
        },
        acquisition_date=(element.findtext("AcquisitionDate") or "").strip(),
        instrument=instrument.get("ID", "") if instrument is not None else "",
        objective=objective.get("ID", "") if objective is not None else "",
    )


def _channel(element: Element, uri: str) -> Channel:
    source = element.find("LightSourceSettings")
    excitation = _wavelength(element, "ExcitationWavelength")
    if excitation is None and source is not None:
        excitation = _wavelength(source, "Wavelength")
    emission = _wavelength(element, "EmissionWavelength")
    illumination = _CONTRASTS.get(element.get("ContrastMethod", "")) or (
        Illumination.BRIGHTFIELD
        if element.get("AcquisitionMode") == "BrightField"
        else _ILLUMINATIONS.get(element.get("IlluminationType", ""))
    )
    if illumination is None and (emission is not None or element.get("Fluor")):
        illumination = Illumination.FLUORESCENCE
    return Channel(
        name=(element.get("Name") or element.get("Fluor") or "").strip(),
        samples_per_pixel=integer(element, "SamplesPerPixel", uri, 0) or None,
        colour=_colour(integer(element, "Color", uri)) if element.get("Color") else None,
        excitation_nm=excitation,
        emission_nm=emission,
        illumination=illumination,
    )


def _colour(rgba: int) -> tuple[int, int, int]:
    """Take a colour apart: red, green, blue and alpha are the bytes of a signed integer, red the highest."""
    return rgba >> 24 & 255, rgba >> 16 & 255, rgba >> 8 & 255


def _block(element: Element, uri: str) -> TiffData:
    uuid = element.find("UUID")
    directory = integer(element, "IFD", uri, -1)
    planes = integer(element, "PlaneCount", uri, integer(element, "NumPlanes", uri, -1))
    return TiffData(
        first=(
            integer(element, "FirstC", uri, 0),
            integer(element, "FirstZ", uri, 0),
            integer(element, "FirstT", uri, 0),
        ),
        directory=directory if directory >= 0 else None,
        planes=planes if planes >= 0 else None,
        file_name=uuid.get("FileName", "") if uuid is not None else "",
        uuid=(uuid.text or "").strip() if uuid is not None else "",
    )


def _physical(pixels: Element, axis: str) -> float | None:
    size = micrometres(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit"), DEFAULT_LENGTH)
    return size if size is not None and size > 0 else None


def _position(plane: Element, axis: str) -> float | None:
    return micrometres(plane.get(f"Position{axis}"), plane.get(f"Position{axis}Unit"), DEFAULT_POSITION)


def _wavelength(element: Element, name: str) -> float | None:
    length = micrometres(element.get(name), element.get(f"{name}Unit"), DEFAULT_WAVELENGTH)
    return length * _NM_PER_UM if length is not None and length > 0 else None


def _microscope(element: Element | None) -> Microscope:
    if element is None:
        return Microscope()
    return Microscope(
        manufacturer=element.get("Manufacturer", "").strip(),
        model=element.get("Model", "").strip(),
        serial_number=element.get("SerialNumber", "").strip(),
    )


def _properties(root: Element) -> tuple[tuple[str, str], ...]:
    """Return all text, of the lists of planes only names of files."""
    files = {uuid.get("FileName", ""): None for uuid in root.iter("UUID")}
    for pixels in root.iter("Pixels"):
        for child in [child for child in pixels if child.tag in _BULKY]:
            pixels.remove(child)
    return (*document_properties(root, "ome"), *(("ome.TiffData.UUID.FileName", name) for name in files if name))
