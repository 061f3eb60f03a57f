"""What the properties of OpenSlide tell of the scanner, and of lossy compression before this conversion."""

import re
from collections.abc import Mapping, Sequence

from pipeline.io.sources.dates import date_time
from pipeline.io.sources.numbers import positive
from pipeline.model.source import LossyHistory, LossyStage, ScannerFacts

_MAKERS = {
    "hamamatsu": "Hamamatsu",
    "leica": "Leica Biosystems",
    "mirax": "3DHISTECH",
    "philips": "Philips",
    "sakura": "Sakura",
    "trestle": "Trestle",
    "ventana": "Ventana",
    "zeiss": "Zeiss",
}
_MODELS = (
    "hamamatsu.Product",
    "hamamatsu.HardwareModel",
    "leica.device-model",
    "mirax.NONHIERLAYER_0_SECTION.SCANNER_HARDWARE_VERSION",
    "mirax.NONHIERLAYER_1_SECTION.SCANNER_HARDWARE_VERSION",
    "ventana.ScannerModel",
    "tiff.Model",
)
_SERIALS = ("hamamatsu.NDP.S/N", "hamamatsu.HardwareSerial", "leica.device-serial-number", "ventana.UnitNumber")
_DATES = (
    "leica.creation-date",
    "hamamatsu.Created",
    "mirax.GENERAL.SLIDE_CREATIONDATETIME",
    "sakura.Date",
    "tiff.DateTime",
)
_SOFTWARE = (
    "mirax.NONHIERLAYER_0_SECTION.SCANNER_SOFTWARE_VERSION",
    "ventana.BuildVersion",
    "leica.device-version",
    "tiff.Software",
)
_BARCODES = ("openslide.barcode", "ventana.Barcode1D", "ventana.Barcode2D")
_JPEG_FORMATS = ("hamamatsu", "leica", "philips", "sakura", "trestle", "ventana")
"""Formats whose tiles are JPEG, whatever the scanner's settings."""
_MIRAX_CODEC = "mirax.LAYER_0_LEVEL_0_SECTION.IMAGE_FORMAT"
_DAY_FIRST = re.compile(r"(\d\d)/(\d\d)/(\d{4})(?: (\d\d):(\d\d):(\d\d))?")


def scanner_facts(properties: Mapping[str, str]) -> ScannerFacts:
    """Return what is known. Bounds of what was scanned are no origin: they lie inside of level 0."""
    vendor = properties.get("openslide.vendor", "")
    x, y = (positive(properties.get(f"openslide.mpp-{axis}", "")) for axis in "xy")
    software = _first(properties, _SOFTWARE)
    return ScannerFacts(
        pixel_spacing_mm=(y / 1000, x / 1000) if x and y else None,
        objective_power=positive(properties.get("openslide.objective-power", "")),
        manufacturer=_MAKERS.get(vendor, properties.get("tiff.Make", "")),
        model=_first(properties, _MODELS),
        serial_number=_first(properties, _SERIALS),
        software_versions=(software,) if software else (),
        acquisition_datetime=_datetime(_first(properties, _DATES)),
        barcode=_first(properties, _BARCODES),
        background=_background(properties),
    )


def lossy_history(properties: Mapping[str, str], pixels: int, stored_bytes: int, suffix: str) -> LossyHistory:
    """Return the history of a slide of so many pixels in all levels, in files of so many bytes.

    Formats of one codec, or that name theirs, tell it; of others it is not known.
    """
    vendor, codec = properties.get("openslide.vendor", ""), properties.get(_MIRAX_CODEC, "")
    if (vendor == "mirax" and codec in ("PNG", "BMP24")) or suffix == ".vmu":
        return LossyHistory()
    if vendor in _JPEG_FORMATS or codec == "JPEG":
        return LossyHistory((LossyStage("ISO_10918_1", max(1.0, 3 * pixels / max(1, stored_bytes))),))
    return LossyHistory(unknown=True)


def _background(properties: Mapping[str, str]) -> tuple[int, ...] | None:
    white = properties.get("ventana.ScanWhitePoint", "")
    if white.isdecimal() and int(white) <= 255:
        return (int(white),) * 3
    try:
        colour = bytes.fromhex(properties.get("openslide.background-color", "FFFFFF"))
    except ValueError:
        return None
    return tuple(colour) if len(colour) == 3 else None


def _first(properties: Mapping[str, str], names: Sequence[str]) -> str:
    return next((properties[name].strip() for name in names if properties.get(name, "").strip()), "")


def _datetime(text: str) -> str:
    """Make a DICOM DT of an ISO 8601 or TIFF date, or of DD/MM/YYYY hh:mm:ss; empty when it is none of them."""
    day_first = _DAY_FIRST.match(text)
    if day_first:
        day, month, year, *time = day_first.groups()
        return date_time("".join((year, month, day, *(part for part in time if part))))
    return date_time("".join(c for c in text[:19] if c.isdigit()))
