"""What a DICOM instance says of its own lossy compression, and what is assumed where it says nothing."""

from pydicom import Dataset
from pydicom.multival import MultiValue

from pipeline.model.source import LossyHistory, LossyStage
from pipeline.model.transfer_syntaxes import TransferSyntax

_LOSSLESS = frozenset(
    (
        TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
        TransferSyntax.RLE_LOSSLESS,
        TransferSyntax.JPEG_LOSSLESS,
        TransferSyntax.JPEG_LOSSLESS_SV1,
        TransferSyntax.JPEG_LS_LOSSLESS,
        TransferSyntax.JPEG_2000_LOSSLESS,
        TransferSyntax.HTJ2K_LOSSLESS,
        TransferSyntax.HTJ2K_LOSSLESS_RPCL,
        TransferSyntax.JPEG_XL_LOSSLESS,
    )
)
"""Transfer syntaxes whose frames cannot have lost anything (PS3.5 8.2)."""
_ALWAYS_LOSSY = (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_EXTENDED, TransferSyntax.JPEG_XL_RECOMPRESSION)
"""Their JPEG processes have no lossless mode, whatever a header says."""


def lossy_history(header: Dataset, syntax: TransferSyntax, *, pixel_bytes: int, stored_bytes: int) -> LossyHistory:
    """Read the history (PS3.3 C.7.6.1.1.5); `pixel_bytes` and `stored_bytes` are those of all frames of the image.

    JPEG whose header does not say that it is lossy is lossy all the same, and its ratio then is that of its bytes.
    Where the header says nothing, a transfer syntax that may be lossy leaves the history unknown.
    """
    methods, ratios = (_values(header.get(f"LossyImageCompression{name}")) for name in ("Method", "Ratio"))
    if methods and len(ratios) == len(methods):
        return LossyHistory(tuple(LossyStage(m, float(r)) for m, r in zip(methods, ratios, strict=True)))
    if syntax in _ALWAYS_LOSSY:
        return LossyHistory((LossyStage("ISO_10918_1", max(1.0, pixel_bytes / max(1, stored_bytes))),))
    said = header.get("LossyImageCompression")
    return LossyHistory(unknown=said == "01" or (said != "00" and syntax not in _LOSSLESS))


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(v) for v in value] if isinstance(value, MultiValue) else [str(value)]
