"""JPEG XL frames (PS3.5 8.2.15, A.4.12), by libjxl: pixels without loss, or JPEG in another coding.

Lossless frames are bare codestreams of the modular mode, in a container where samples have more than 12 bits: that says
level 10 (ISO/IEC 18181-1 annex M). Colour is RGB or gray outside, whatever reversible transform libjxl applies inside,
and the precision is that of Bits Stored. They may stand in JPEG XL Lossless and in JPEG XL, which holds both kinds.
Recompressed frames are made of baseline JPEG, which is made of the pixels first.
"""

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.jpeg import JpegEncoder
from pipeline.io.jpegxl.recompression import recompress
from pipeline.model.tiles import Pixels

_EFFORT = 1
"""Of libjxl's 1 to 10. With 2 tissue takes nine times as long for 5 % fewer bytes, with 3 twenty times for 12 %."""


class JpegXlEncoder(SettledEncoder):
    """Encodes gray and RGB frames of 2 to 16 bits without loss."""

    def _encoded(self, samples: Pixels) -> bytes:
        return bytes(
            imagecodecs.jpegxl_encode(
                samples,
                lossless=True,
                effort=_EFFORT,
                bitspersample=self._settings.precision,
                usecontainer=False,
                numthreads=1,
            )
        )


class RecompressedJpegEncoder(JpegEncoder):
    """Encodes 8-bit gray and RGB frames as baseline JPEG, and that as JPEG XL."""

    def _encoded(self, samples: Pixels) -> bytes:
        return recompress(super()._encoded(samples))
