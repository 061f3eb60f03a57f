"""Transfer syntaxes and photometric interpretations that frames may have, with the names that options use for them.

UIDs are those of PS3.6 table A-1; what each may hold is PS3.5 8.2 and A.4. JPEG Extended and the two lossless JPEG are
passed on from DICOM sources and never encoded, so that no option asks for them.
"""

from enum import StrEnum


class TransferSyntax(StrEnum):
    """A transfer syntax; the value is its UID."""

    EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
    RLE_LOSSLESS = "1.2.840.10008.1.2.5"
    JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
    JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
    JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
    JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
    JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
    JPEG_LS_NEAR_LOSSLESS = "1.2.840.10008.1.2.4.81"
    JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
    JPEG_2000 = "1.2.840.10008.1.2.4.91"
    JPEG_XL_LOSSLESS = "1.2.840.10008.1.2.4.110"
    JPEG_XL_RECOMPRESSION = "1.2.840.10008.1.2.4.111"
    JPEG_XL = "1.2.840.10008.1.2.4.112"
    HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
    HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
    HTJ2K = "1.2.840.10008.1.2.4.203"

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
        return self.lossy_method is not None

    @property
    def lossy_method(self) -> str | None:
        """Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1) of frames that lost something; None: none can.

        JPEG XL recompression loses nothing of its JPEG, which did: the method is JPEG's.
        """
        return _LOSSY_METHODS.get(self)

    @property
    def is_jpeg_family(self) -> bool:
        """Whether frames are ITU-T T.81 codestreams."""
        return self in _JPEG

    @property
    def is_jpeg_2000_family(self) -> bool:
        """Whether frames are JPEG 2000 codestreams, block coder of part 1 or of part 15."""
        return self in _JPEG_2000

    @property
    def is_jpeg_ls_family(self) -> bool:
        """Whether frames are JPEG-LS codestreams."""
        return self in (TransferSyntax.JPEG_LS_LOSSLESS, TransferSyntax.JPEG_LS_NEAR_LOSSLESS)

    @property
    def is_jpeg_xl_family(self) -> bool:
        """Whether frames are JPEG XL, with or without a container."""
        return self in (
            TransferSyntax.JPEG_XL_LOSSLESS,
            TransferSyntax.JPEG_XL_RECOMPRESSION,
            TransferSyntax.JPEG_XL,
        )

    @property
    def is_only_passed(self) -> bool:
        """Whether frames are passed on from DICOM sources and never encoded."""
        return self in _ONLY_PASSED

    @classmethod
    def offered(cls) -> tuple["TransferSyntax", ...]:
        """Return the syntaxes that an option may ask for."""
        return tuple(syntax for syntax in _OPTIONS if syntax not in _ONLY_PASSED)

    @classmethod
    def from_option(cls, name: str) -> "TransferSyntax":
        """Return the syntax of a command line name; ValueError when there is none."""
        for syntax in cls.offered():
            if syntax.option == name:
                return syntax
        raise ValueError(
            f"no transfer syntax is called {name!r}; there are {', '.join(s.option for s in cls.offered())}"
        )


_OPTIONS = {
    TransferSyntax.JPEG_BASELINE: "jpeg-baseline8-bit",
    TransferSyntax.JPEG_EXTENDED: "jpeg-extended12-bit",
    TransferSyntax.JPEG_LOSSLESS: "jpeg-lossless",
    TransferSyntax.JPEG_LOSSLESS_SV1: "jpeg-lossless-sv1",
    TransferSyntax.JPEG_LS_LOSSLESS: "jpeg-ls-lossless",
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: "jpeg-ls-near-lossless",
    TransferSyntax.JPEG_2000: "jpeg2000",
    TransferSyntax.JPEG_2000_LOSSLESS: "jpeg2000-lossless",
    TransferSyntax.HTJ2K: "htj2k",
    TransferSyntax.HTJ2K_LOSSLESS: "htj2k-lossless",
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: "htj2k-lossless-rpcl",
    TransferSyntax.JPEG_XL: "jpeg-xl",
    TransferSyntax.JPEG_XL_LOSSLESS: "jpeg-xl-lossless",
    TransferSyntax.JPEG_XL_RECOMPRESSION: "jpeg-xl-recompression",
    TransferSyntax.RLE_LOSSLESS: "rle-lossless",
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: "explicit-vr-little-endian",
}
_ONLY_PASSED = (TransferSyntax.JPEG_EXTENDED, TransferSyntax.JPEG_LOSSLESS, TransferSyntax.JPEG_LOSSLESS_SV1)
_JPEG = (TransferSyntax.JPEG_BASELINE, *_ONLY_PASSED)
_JPEG_2000 = (
    TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.JPEG_2000,
    TransferSyntax.HTJ2K_LOSSLESS,
    TransferSyntax.HTJ2K_LOSSLESS_RPCL,
    TransferSyntax.HTJ2K,
)
_LOSSY_METHODS = {
    TransferSyntax.JPEG_BASELINE: "ISO_10918_1",
    TransferSyntax.JPEG_EXTENDED: "ISO_10918_1",
    TransferSyntax.JPEG_XL_RECOMPRESSION: "ISO_10918_1",
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: "ISO_14495_1",
    TransferSyntax.JPEG_2000: "ISO_15444_1",
    TransferSyntax.HTJ2K: "ISO_15444_15",
    TransferSyntax.JPEG_XL: "ISO_18181_1",
}


class Photometric(StrEnum):
    """Photometric Interpretation (0028,0004) as the VL WSM IOD allows it.

    YBR_FULL is not among its terms (PS3.3 C.8.12.4), so it is never written. XYB belongs to JPEG XL alone (PS3.5
    8.2.15); such frames are passed on and never made.
    """

    MONOCHROME2 = "MONOCHROME2"
    RGB = "RGB"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_RCT = "YBR_RCT"
    YBR_ICT = "YBR_ICT"
    XYB = "XYB"


class Subsampling(StrEnum):
    """Chroma sampling of a JPEG that is encoded here."""

    YBR_444 = "444"
    YBR_422 = "422"
    YBR_420 = "420"
