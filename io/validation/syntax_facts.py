"""What each transfer syntax may hold, as far as whole-slide images are concerned (PS3.5 8.2, A.4)."""

from dataclasses import dataclass

from pipeline.io.validation.codestreams import Coding


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxFacts:
    """One transfer syntax."""

    section: str
    """Of PS3.5, where its photometric interpretations are listed."""
    coding: Coding | None
    """None: native."""
    photometric: frozenset[str]
    """Those of the WSM IOD that it allows."""
    lossy: bool | None
    """True: frames have lost something; False: they have not; None: the codestream decides."""
    method: str = ""
    """Lossy Image Compression Method of a lossy frame (PS3.3 C.7.6.1.1.5.1)."""
    processes: frozenset[int] = frozenset()
    """JPEG: second bytes of the SOF markers that it allows."""
    high_throughput: bool = False


_GRAY_RGB = frozenset(("MONOCHROME2", "RGB"))
_GRAY_RGB_422 = _GRAY_RGB | {"YBR_FULL_422"}
_REVERSIBLE = _GRAY_RGB_422 | {"YBR_RCT"}
_IRREVERSIBLE = _REVERSIBLE | {"YBR_ICT"}

IN_IOD = _IRREVERSIBLE | {"XYB"}
"""Photometric interpretations of the WSM IOD; further ones come with the transfer syntaxes that define them."""

_NATIVE = SyntaxFacts(section="8.1.1", coding=None, photometric=_GRAY_RGB_422, lossy=False)
_JPEG_1, _JPEG_LS_1, _J2K_1, _JXL_1 = "ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_18181_1"

SYNTAXES = {
    "1.2.840.10008.1.2": _NATIVE,
    "1.2.840.10008.1.2.1": _NATIVE,
    "1.2.840.10008.1.2.5": SyntaxFacts(section="8.2.2", coding=Coding.RLE, photometric=_GRAY_RGB, lossy=False),
    "1.2.840.10008.1.2.4.50": SyntaxFacts(
        section="8.2.1",
        coding=Coding.JPEG,
        photometric=_GRAY_RGB_422,
        lossy=True,
        method=_JPEG_1,
        processes=frozenset((0xC0,)),
    ),
    "1.2.840.10008.1.2.4.51": SyntaxFacts(
        section="8.2.1",
        coding=Coding.JPEG,
        photometric=_GRAY_RGB_422,
        lossy=True,
        method=_JPEG_1,
        processes=frozenset((0xC0, 0xC1)),
    ),
    "1.2.840.10008.1.2.4.57": SyntaxFacts(
        section="8.2.1", coding=Coding.JPEG, photometric=_GRAY_RGB_422, lossy=False, processes=frozenset((0xC3,))
    ),
    "1.2.840.10008.1.2.4.70": SyntaxFacts(
        section="8.2.1", coding=Coding.JPEG, photometric=_GRAY_RGB_422, lossy=False, processes=frozenset((0xC3,))
    ),
    "1.2.840.10008.1.2.4.80": SyntaxFacts(section="8.2.3", coding=Coding.JPEG_LS, photometric=_GRAY_RGB, lossy=False),
    "1.2.840.10008.1.2.4.81": SyntaxFacts(
        section="8.2.3", coding=Coding.JPEG_LS, photometric=_GRAY_RGB, lossy=None, method=_JPEG_LS_1
    ),
    "1.2.840.10008.1.2.4.90": SyntaxFacts(
        section="8.2.4", coding=Coding.JPEG_2000, photometric=_REVERSIBLE, lossy=False
    ),
    "1.2.840.10008.1.2.4.91": SyntaxFacts(
        section="8.2.4", coding=Coding.JPEG_2000, photometric=_IRREVERSIBLE, lossy=None, method=_J2K_1
    ),
    "1.2.840.10008.1.2.4.201": SyntaxFacts(
        section="8.2.14", coding=Coding.JPEG_2000, photometric=_REVERSIBLE, lossy=False, high_throughput=True
    ),
    "1.2.840.10008.1.2.4.202": SyntaxFacts(
        section="8.2.14", coding=Coding.JPEG_2000, photometric=_REVERSIBLE, lossy=False, high_throughput=True
    ),
    "1.2.840.10008.1.2.4.203": SyntaxFacts(
        section="8.2.14",
        coding=Coding.JPEG_2000,
        photometric=_IRREVERSIBLE,
        lossy=None,
        method="ISO_15444_15",
        high_throughput=True,
    ),
    "1.2.840.10008.1.2.4.110": SyntaxFacts(section="8.2.15", coding=Coding.JPEG_XL, photometric=_GRAY_RGB, lossy=False),
    "1.2.840.10008.1.2.4.111": SyntaxFacts(
        section="8.2.15", coding=Coding.JPEG_XL, photometric=_GRAY_RGB_422, lossy=True, method=_JPEG_1
    ),
    "1.2.840.10008.1.2.4.112": SyntaxFacts(
        section="8.2.15", coding=Coding.JPEG_XL, photometric=_GRAY_RGB_422 | {"XYB"}, lossy=None, method=_JXL_1
    ),
}
"""By UID."""

JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
JPEG_XL_RECOMPRESSION = "1.2.840.10008.1.2.4.111"
