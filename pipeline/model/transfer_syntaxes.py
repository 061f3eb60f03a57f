"""Transfer syntaxes and photometric interpretations that are written, with the names that options use for them.

UIDs are those of PS3.6 table A-1; what each may hold is PS3.5 8.2 and A.4.
"""

from enum import StrEnum


class TransferSyntax(StrEnum):
    """A transfer syntax; the value is its UID."""

    EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
    JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
    JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
    JPEG_2000 = "1.2.840.10008.1.2.4.91"
    HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
    HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"

    @property
    def option(self) -> str:
        """Name on the command line, as wsi-dicom spells it."""
        return _OPTIONS[self]

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are items of a sequence (PS3.5 A.4) and not native pixel data."""
        return self is not TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN

    @property
    def may_be_lossy(self) -> bool:
        """Whether a frame written in this syntax may have lost something."""
        return self in (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_2000)

    @property
    def is_jpeg_2000_family(self) -> bool:
        """Whether frames are JPEG 2000 codestreams, block coder of part 1 or of part 15."""
        return self not in (TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax.JPEG_BASELINE)

    @classmethod
    def from_option(cls, name: str) -> "TransferSyntax":
        """Return the syntax of a command line name; ValueError when there is none."""
        for syntax, option in _OPTIONS.items():
            if option == name:
                return syntax
        raise ValueError(f"no transfer syntax is called {name!r}; there are {', '.join(_OPTIONS.values())}")


_OPTIONS = {
    TransferSyntax.JPEG_BASELINE: "jpeg-baseline8-bit",
    TransferSyntax.JPEG_2000: "jpeg2000",
    TransferSyntax.JPEG_2000_LOSSLESS: "jpeg2000-lossless",
    TransferSyntax.HTJ2K_LOSSLESS: "htj2k-lossless",
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: "htj2k-lossless-rpcl",
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: "explicit-vr-little-endian",
}


class Photometric(StrEnum):
    """Photometric Interpretation (0028,0004) as the VL WSM IOD allows it.

    YBR_FULL is not among its terms (PS3.3 C.8.12.4), so it is never written.
    """

    MONOCHROME2 = "MONOCHROME2"
    RGB = "RGB"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_RCT = "YBR_RCT"
    YBR_ICT = "YBR_ICT"


class Subsampling(StrEnum):
    """Chroma sampling of a JPEG that is encoded here."""

    YBR_444 = "444"
    YBR_422 = "422"
    YBR_420 = "420"
