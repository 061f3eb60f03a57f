"""What the headers of DICOM slides say that OpenSlide does not: which files are one series, and what was lossy."""

from pathlib import Path

from pydicom import FileDataset
from pydicom.filereader import read_partial
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from pipeline.model.source import LossyHistory, LossyStage

_NATIVE = {
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
}
_LOSSLESS = _NATIVE | {
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
}
"""Transfer syntaxes whose frames cannot have lost anything (PS3.5 8.2)."""
_LAST_GROUP = 0x0028
"""Of the image's description; what follows may be long, as the per-frame functional groups are."""


def series_files(path: Path) -> list[Path]:
    """Return the files beside a DICOM file, itself among them, that are of its series, by name.

    Whatever else lies in the folder is no part of the slide, and passed over as by OpenSlide.
    """
    series = series_of(path)
    beside = (file for file in path.parent.iterdir() if file.is_file())
    return sorted(file for file in beside if file == path or (series and series_of(file) == series))


def lossy_history(path: Path) -> LossyHistory:
    """Read what a DICOM instance says of its own lossy compression (PS3.3 C.7.6.1.1.5).

    JPEG whose header does not say that it is lossy is lossy all the same, and its ratio then is the file's. Where the
    header says nothing, a transfer syntax that may be lossy leaves the history unknown.
    """
    header = _header(path)
    methods, ratios = (_values(header.get(f"LossyImageCompression{name}")) for name in ("Method", "Ratio"))
    if methods and len(ratios) == len(methods):
        return LossyHistory(tuple(LossyStage(m, float(r)) for m, r in zip(methods, ratios, strict=True)))
    syntax = header.file_meta.TransferSyntaxUID
    if syntax == JPEGBaseline8Bit:
        frame = int(header.Rows) * int(header.Columns) * int(header.SamplesPerPixel)
        ratio = frame * int(header.get("NumberOfFrames", 1)) / max(1, path.stat().st_size)
        return LossyHistory((LossyStage("ISO_10918_1", max(1.0, ratio)),))
    said = header.get("LossyImageCompression")
    if said == "00":
        return LossyHistory(unknown=syntax == JPEGExtended12Bit)  # the process of which has no lossless mode
    return LossyHistory(unknown=said == "01" or syntax not in _LOSSLESS)


def _header(path: Path) -> FileDataset:
    with path.open("rb") as file:
        return read_partial(file, stop_when=_behind_image)


def _behind_image(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group > _LAST_GROUP


def series_of(path: Path) -> str:
    """Return the SeriesInstanceUID of a file; empty when it is no DICOM that can be read."""
    try:
        return str(_header(path).get("SeriesInstanceUID", ""))
    except Exception:  # whatever a parser makes of a stranger's file, it is not of this slide
        return ""


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(v) for v in value] if isinstance(value, MultiValue) else [str(value)]
