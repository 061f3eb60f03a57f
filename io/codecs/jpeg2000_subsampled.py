"""JPEG 2000 frames of YCbCr with chroma halved horizontally: Photometric Interpretation YBR_FULL_422 (CP-2650).

Aperio's compression 33003 stores such tiles; where one is missing or broken, a frame like its neighbours has to be
made. The binding of OpenJPEG encodes components of one size only, so each is encoded as a codestream of its own and the
three are joined: with one tile, one layer and one precinct a resolution, a component's packets stand in the order of
its resolutions, and those of three components one after the other are the progression CPRL (ISO/IEC 15444-1 B.12.1.5).
"""

from typing import cast

import numpy as np

from pipeline.io.codecs.colour import rgb_to_ycbcr
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.jpeg2000 import Jpeg2000Encoder, encode_codestream
from pipeline.io.jpeg2000.markers import Marker, Progression, codestream_end, main_header_segments, parse_codestream
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels

_SOT_AND_SOD_BYTES = 14


class SubsampledJpeg2000Encoder(Jpeg2000Encoder):
    """Encodes RGB frames of 2 to 16 bits as YBR_FULL_422."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for a quality or a ratio, which three codestreams do not share."""
        super().__init__(settings)
        if settings.j2k_quality is not None or settings.compression_ratio is not None:
            raise ConfigError("YBR_FULL_422 frames of JPEG 2000 are made without a quality or a compression ratio")

    @property
    def lossy_method(self) -> str | None:
        """ISO_15444_1 with either wavelet: half of the chroma is gone."""
        return "ISO_15444_1"

    def _encoded(self, samples: Pixels) -> bytes:
        ycbcr = rgb_to_ycbcr(samples, self._settings.precision)
        blueness, redness = (self._encode_component(halve_columns(ycbcr[..., i]), self._levels) for i in (1, 2))
        levels = parse_codestream(blueness).decomposition_levels
        luma = self._encode_component(ycbcr[..., 0].copy(), levels)
        return join_components(luma, blueness, redness)

    def _encode_component(self, plane: Pixels, levels: int) -> bytes:
        return encode_codestream(
            plane,
            precision=self._settings.precision,
            reversible=self._settings.reversible,
            component_transform=False,
            levels=levels,
        )


def halve_columns(plane: Pixels) -> Pixels:
    """Return the means of neighbouring columns of (rows, columns), an odd last column alone."""
    left = plane[:, ::2].astype(np.uint32)
    right = left.copy()
    right[:, : plane.shape[1] // 2] = plane[:, 1::2]
    return cast(Pixels, ((left + right + 1) >> 1).astype(plane.dtype))


def join_components(luma: bytes, blueness: bytes, redness: bytes) -> bytes:
    """Make one codestream of three that hold a component each, the last two half as wide.

    CodecError when their coding styles differ: levels, wavelet, step sizes.
    """
    size, coding, quantization, _ = _parts(luma)
    if any(_parts(other)[1:3] != (coding, quantization) for other in (blueness, redness)):
        raise CodecError("JPEG 2000: components of one frame were encoded in different ways")
    packets = b"".join(_parts(stream)[3] for stream in (luma, blueness, redness))
    component = size[-3:-2]
    components = component + b"\x01\x01" + (component + b"\x02\x01") * 2
    tile_part = len(packets) + _SOT_AND_SOD_BYTES
    return b"".join(
        (
            Marker.SOC.to_bytes(2, "big"),
            _segment(Marker.SIZ, size[:-5] + b"\x00\x03" + components),
            _segment(Marker.COD, coding[:1] + bytes([Progression.CPRL]) + coding[2:]),
            _segment(Marker.QCD, quantization),
            _segment(Marker.SOT, b"\x00\x00" + tile_part.to_bytes(4, "big") + b"\x00\x01"),
            Marker.SOD.to_bytes(2, "big"),
            packets,
            Marker.EOC.to_bytes(2, "big"),
        )
    )


def _parts(stream: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Parameters of SIZ, COD and QCD, and the packets of the only tile-part."""
    segments = {s.marker: s for s in main_header_segments(stream)}
    size, coding, quantization = (
        stream[segments[m].start + 4 : segments[m].end] for m in (Marker.SIZ, Marker.COD, Marker.QCD)
    )
    first = max(s.end for s in segments.values())
    return size, coding, quantization, stream[first + _SOT_AND_SOD_BYTES : codestream_end(stream, first) - 2]


def _segment(marker: Marker, parameters: bytes) -> bytes:
    return marker.to_bytes(2, "big") + (len(parameters) + 2).to_bytes(2, "big") + parameters
