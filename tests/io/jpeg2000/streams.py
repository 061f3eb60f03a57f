"""JPEG 2000 codestreams of every kind."""

import base64

import imagecodecs
import numpy as np
import skimage.data

from pipeline.io.jpeg2000.markers import Marker, main_header_segments
from pipeline.model.tiles import Pixels

TISSUE: Pixels = skimage.data.immunohistochemistry()
SUBSAMPLED_SHIFT = 40
"""The subsampled codestream shows rows and columns 40 to 71 of the tissue."""

# Made once by opj_compress 2.5.0 of libopenjp2-tools from raw planes of that tissue, Y of 32 x 32, Cb and Cr of 16 x 32
# (means of two columns): opj_compress -i planes.raw -o tile.j2k -F 32,32,3,8,u@1x1:2x1:2x1 -n 3 -mct 0
SUBSAMPLED = base64.b64decode(
    """
/0//UQAvAAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAADBwEBBwIBBwIB/1IADAAAAAEAAgQEAAH/XAAKQEBISFBISFD/ZAAlAA
FDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjD/kAAKAAAAAAQAAAH/k8fUehHkSupNL2bi1pPdxztxiDJvFnhlAEFEwOCB4ZYwjKWO
QQEyxp489OqN0UB/ZV8XREFx01qa79m3QzOqGj/D5yYRUFP/HmXCBy5rgSJqP7zWP00fw+cqFABb/k+qmAO7rEzNPAIfMd2NYw/vw+o6h9RpD7
TQCc+u/ZB4aLqXtkljWsnGNRqLKWgOJ6rVPUkuzNXkbZWiizCw+GSVUIzU6UeYwANQ1NeXRWR3hSyufxisn7joWoYaqzeEa52PFHn/DBOOZ2Fn
ozMycFFr7bBiONjnENUaZYtNaZnl297HcJ2PK79iUrAxjQpwM/dP+sBo14XctywTHCcD01goIKIPAE1JMEznAERP2w6jmRhxRAgiEFDLXNJHwf
OSgHSoB8JYJC+I/0BM60+2cDQEOGIA6BkHCQKVjNx3hkT/fzlTZ2xtWiLQ3mMrwfOPgHSoB8JQNeFjJvT+OVq8FaY9gOCvLklI+TjC6LRXfzje
LeI9TPgH6qDD6qtg+fS0D574WLJX0J4RkKyCdQt4RuYEofAh5tfm0hK3qxZTxx+D4TDcQSqnECsVqOtX8kXCLcFoNVlKWw6qAmNibGzPz7q89Z
x8QOQu/oUgG1v/SEL2FL39+PL+j+bi0PG5evnBal607TV5IUGcfDKzjSWpv81F67Wqdtq6rN1zl4A8t5QNX7kcw/nf51Yq6cqLylMkxTZ0g17/
OrKGxvdEXyMN7RONrvcK6mQGnBovR+4HU2dwg+9/2xVpL0LSahRrlm2Ias8Ivz4Mrq0iW0QsfvdaVj2ZaQmyq13BENHXy/eQ5GY2vPp/Bhcua3
SZ45A4sH0PsxCWc8XGU6APK2CKPsdOkdIF8qa8AGBU6ofF/oMAwvd0/k4A8/yGw2u3xjsugauA4Hp9nUgjc8SLVdcOxOVrBpxTlPZrzmcIg9z9
qLvCvr0HKsPZhyKZ+nKpm0sIMokW8oxzdjPJH1UMIabdahjIoYWAmu+5Th4ZkD5yxgXAg/Skq9kgsItjMYGWf1yP/0Uesi9vQeT90Fl6R22JmW
jgRxRBhP1/ugIe9djunKTiBDU4ZzDE8vQklKdc358YxwdwLfagpyVfqhFrmC+wRz3mqkIzwPkSwDrMAdaAgtUo0Pa00BxO1LpmW6M5La8mTnym
95TSoCFkESvb0bXyJxFT7yI/Bg5x/xRlb7dsBuwBCG+owGkz5sP6Mr+JdF8Gp1qxEUnwSjGr82gPctqlVWdHpNrmj8B8NHAOrQAtEGBTy8vU8B
XCnqIQa7VOT0Ri48i1k6uhvwGuEUU6xa5VCrFTiUgjZ7fCP/ieVg84HzkoE1eqUxL/fw8/cH0AC9kdYreuvE9rrU8//9k=
    """
)


def tissue(rows: int = 96, columns: int = 80, *, shift: int = 0) -> Pixels:
    """Return (rows, columns, 3) of stained tissue."""
    return np.ascontiguousarray(np.roll(TISSUE, shift, axis=0)[:rows, :columns])


def encode(pixels: Pixels, *, reversible: bool = True, transform: bool = True, boxed: bool = False) -> bytes:
    """Encode with OpenJPEG."""
    return bytes(
        imagecodecs.jpeg2k_encode(
            pixels,
            codecformat="jp2" if boxed else "j2k",
            reversible=reversible,
            mct=transform and pixels.ndim == 3,
            planar=False,
        )
    )


def changed(stream: bytes, marker: Marker, offset: int, value: int) -> bytes:
    """Set one byte of the parameters of a main header's segment."""
    segment = next(s for s in main_header_segments(stream) if s.marker == marker)
    result = bytearray(stream)
    result[segment.start + 4 + offset] = value
    return bytes(result)


def inserted(stream: bytes, marker: int, parameters: bytes) -> bytes:
    """Put a segment in front of the first tile-part."""
    end = max(s.end for s in main_header_segments(stream))
    segment = marker.to_bytes(2, "big") + (len(parameters) + 2).to_bytes(2, "big") + parameters
    return stream[:end] + segment + stream[end:]


def parameters(stream: bytes, marker: Marker) -> bytes:
    """Return the parameters of a main header's segment."""
    segment = next(s for s in main_header_segments(stream) if s.marker == marker)
    return stream[segment.start + 4 : segment.end]
