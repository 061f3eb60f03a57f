"""How samples are stored: the Image Pixel module, as the WSM Image module narrows it, and the element itself."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import integer, missing, number, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.syntax_facts import SYNTAXES

_REQUIRED = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)


def required(instance: Instance) -> Iterator[Fault]:
    """Find attributes of Type 1 without a value, and missing pixels."""
    if lacking := missing(instance.header, _REQUIRED):
        yield Fault(f"there is no {', '.join(lacking)}")
    if instance.pixel_data is None and not instance.broken:
        yield Fault("there is no Pixel Data")


def samples(instance: Instance) -> Iterator[Fault]:
    """Compare Samples per Pixel with Photometric Interpretation."""
    photometric, count = text(instance.header, "PhotometricInterpretation"), integer(instance.header, "SamplesPerPixel")
    if photometric and count is not None and count != (1 if photometric.startswith("MONOCHROME") else 3):
        yield Fault(f"{photometric} has Samples per Pixel {count}")


def bits(instance: Instance) -> Iterator[Fault]:
    """Compare Bits Allocated, Bits Stored and High Bit."""
    allocated, stored, high = (integer(instance.header, k) for k in ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated is not None and allocated not in (8, 16):
        yield Fault(f"Bits Allocated is {allocated}, not 8 or 16")
    if stored is not None and high is not None and high != stored - 1:
        yield Fault(f"High Bit is {high} and Bits Stored {stored}")
    if allocated is not None and stored is not None and not 1 <= stored <= allocated:
        yield Fault(f"Bits Stored is {stored} and Bits Allocated {allocated}")


def unused_bits(instance: Instance) -> Iterator[Fault]:
    """Find samples that use fewer bits than are allocated."""
    allocated, stored = integer(instance.header, "BitsAllocated"), integer(instance.header, "BitsStored")
    if allocated is not None and stored is not None and 1 <= stored < allocated:
        yield Fault(f"Bits Stored is {stored}, Bits Allocated {allocated}")


def unsigned(instance: Instance) -> Iterator[Fault]:
    """Find signed samples."""
    if (value := integer(instance.header, "PixelRepresentation")) not in (None, 0):
        yield Fault(f"Pixel Representation is {value}")


def planar_configuration(instance: Instance) -> Iterator[Fault]:
    """Find colour that is not by pixel, and gray that says how its colour is."""
    count, value = integer(instance.header, "SamplesPerPixel"), integer(instance.header, "PlanarConfiguration")
    if count == 1 and value is not None:
        yield Fault("Planar Configuration is there, and Samples per Pixel is 1")
    elif count is not None and count > 1 and value != 0:
        yield Fault(f"Planar Configuration is {'absent' if value is None else value}")


def monochrome(instance: Instance) -> Iterator[Fault]:
    """Find a presentation of MONOCHROME2 that changes values."""
    header = instance.header
    if text(header, "PhotometricInterpretation") != "MONOCHROME2":
        return
    found = number(header, "RescaleIntercept"), number(header, "RescaleSlope"), text(header, "PresentationLUTShape")
    if found != (0, 1, "IDENTITY"):
        shown = ", ".join("absent" if value in (None, "") else str(value) for value in found)
        yield Fault(f"Rescale Intercept, Rescale Slope and Presentation LUT Shape are {shown}; 0, 1 and IDENTITY")


def encapsulation(instance: Instance) -> Iterator[Fault]:
    """Compare the form of the element with the transfer syntax."""
    facts = SYNTAXES.get(instance.transfer_syntax)
    if instance.pixel_data is None or facts is None:
        return
    if instance.pixel_data.encapsulated != (facts.coding is not None):
        form = "items" if instance.pixel_data.encapsulated else "native"
        yield Fault(f"Pixel Data is {form}, and the transfer syntax is {instance.transfer_syntax}")


def value_representation(instance: Instance) -> Iterator[Fault]:
    """Check OB and OW."""
    pixels, allocated = instance.pixel_data, integer(instance.header, "BitsAllocated")
    if pixels is None or instance.implicit or allocated is None:
        return
    allowed = ("OB",) if pixels.encapsulated else ("OW",) if allocated > 8 else ("OB", "OW")
    if pixels.vr not in allowed:
        yield Fault(f"Pixel Data is {pixels.vr}, not {' or '.join(allowed)}")


def native_length(instance: Instance) -> Iterator[Fault]:
    """Compare the length of native pixel data with the frames, and with the file."""
    pixels, header = instance.pixel_data, instance.header
    if pixels is None or pixels.length is None:
        return
    sizes = [integer(header, k) for k in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
    if any(size is None for size in sizes):
        return
    rows, columns, count, allocated = (size or 0 for size in sizes)
    # Chroma of YBR_FULL_422 is stored for every second pixel (C.7.6.3.1.2).
    halved = text(header, "PhotometricInterpretation") == "YBR_FULL_422"
    expected = instance.frames * rows * columns * (2 if halved else count) * allocated // 8
    if pixels.length != expected + expected % 2:
        yield Fault(f"Pixel Data has {pixels.length} bytes, {instance.frames} frames take {expected + expected % 2}")
    elif pixels.start + pixels.length > instance.size:
        yield Fault(f"Pixel Data has {pixels.length} bytes, and the file ends after {instance.size - pixels.start}")


RULES = (
    Rule(
        "pixels.required",
        Severity.ERROR,
        "PS3.3 C.7.6.3, C.8.12.4",
        "The Image Pixel module is whole: samples, photometric interpretation, frames, rows, columns, bits, pixels.",
        required,
    ),
    Rule(
        "pixels.samples",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.5",
        "Samples per Pixel is 1 for MONOCHROME2 and 3 for colour.",
        samples,
    ),
    Rule(
        "pixels.bits",
        Severity.ERROR,
        "PS3.3 C.8.12.4",
        "Bits Allocated is 8 or 16, Bits Stored no more, High Bit one less than Bits Stored.",
        bits,
    ),
    Rule(
        "pixels.unused-bits",
        Severity.WARNING,
        "PS3.3 C.8.12.4",
        "Bits Stored equals Bits Allocated.",
        unused_bits,
    ),
    Rule(
        "pixels.unsigned",
        Severity.ERROR,
        "PS3.3 C.8.12.4",
        "Samples are unsigned: Pixel Representation 0.",
        unsigned,
    ),
    Rule(
        "pixels.planar-configuration",
        Severity.ERROR,
        "PS3.3 C.8.12.4, PS3.5 7.4.2",
        "Colour is stored by pixel: Planar Configuration is there and 0; gray has none.",
        planar_configuration,
    ),
    Rule(
        "pixels.monochrome",
        Severity.ERROR,
        "PS3.3 C.8.12.4",
        "MONOCHROME2 has Rescale Intercept 0, Rescale Slope 1 and Presentation LUT Shape IDENTITY.",
        monochrome,
    ),
    Rule(
        "pixels.encapsulation",
        Severity.ERROR,
        "PS3.5 A.4",
        "Pixel Data is items in encapsulated transfer syntaxes, and native in the others.",
        encapsulation,
    ),
    Rule(
        "pixels.value-representation",
        Severity.ERROR,
        "PS3.5 8.2, A.2",
        "Pixel Data is OB where it is encapsulated, and OW where it is native with more than 8 bits.",
        value_representation,
    ),
    Rule(
        "pixels.native-length",
        Severity.ERROR,
        "PS3.5 8.1.1",
        "Native pixel data has exactly the bytes of all frames, and a pad byte at most.",
        native_length,
    ),
)
