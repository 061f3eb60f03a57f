"""Colour of tiled images: ICC profiles applied, and the colour of what is absent.

Profiles become sRGB as highdicom and so dicomslide do it (PS3.3 C.11.15): by the perceptual intent, which is Pillow's
default. Profiles that are but a matrix give the same with the others.
"""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom import Dataset

from pipeline.model.errors import SourceError

_LIGHTNESS, _STEPS = 100.0, 65535.0
_CHROMA, _CHROMA_ZERO = 257.0, 0x8080
_WHITE_D50 = np.array([0.9642956, 1.0, 0.8251046])
_XYZ_TO_SRGB = np.array(
    [
        [3.1341359, -1.6173863, -0.4906619],
        [-0.9787955, 1.9162544, 0.0334427],
        [0.0719554, -0.2289768, 1.4053860],
    ]
)
"""Linear sRGB from XYZ of D50, adapted by Bradford's matrix."""
_LINEAR, _SLOPE, _GAMMA, _OFFSET = 0.0031308, 12.92, 2.4, 0.055
_EDGE = 6 / 29


class ColourTransform:
    """A profile's transform to sRGB, for many threads. Made once for a matrix; it can be pickled."""

    def __init__(self, profile: bytes) -> None:
        """Take the profile; SourceError where it cannot be used."""
        self._profile = profile
        try:
            self._transform = ImageCms.buildTransform(
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                "RGB",
                "RGB",
                ImageCms.Intent.PERCEPTUAL,
            )
        except (OSError, ImageCms.PyCMSError) as error:
            raise SourceError(
                f"the ICC profile of {len(profile)} bytes cannot be applied ({error}); read with correct_color=False"
            ) from error

    def __reduce__(self) -> tuple[Any, ...]:
        return ColourTransform, (self._profile,)

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return (rows, columns, 3) of sRGB."""
        image = Image.fromarray(np.ascontiguousarray(pixels))
        ImageCms.applyTransform(image, self._transform, inPlace=True)
        return np.asarray(image)


def icc_profile(metadata: Dataset) -> bytes | None:
    """Return the ICC profile of an image's first optical path; None where there is none."""
    for item in metadata.get("OpticalPathSequence") or ():
        profile = item.get("ICCProfile")
        return bytes(profile) if profile else None
    return None


def absent_colour(metadata: Dataset, samples: int, dtype: np.dtype[Any], bits_stored: int) -> NDArray[Any]:
    """Return the value of pixels that no frame has, (samples,).

    The data set may recommend one (Recommended Absent Pixel CIELab Value, PS3.3 C.8.12.4): it becomes sRGB, or gray.
    Without it colour is white and all else 0.
    """
    white = np.ones(samples) if samples > 1 else np.zeros(samples)
    lab = metadata.get("RecommendedAbsentPixelCIELabValue")
    if dtype.kind != "u" or metadata.get("Modality") == "SEG":
        return np.zeros(samples, dtype)
    if lab is not None and len(lab) == 3:
        rgb = _srgb([float(value) for value in lab])
        white = rgb if samples == 3 else np.full(samples, rgb[1])
        if metadata.get("PhotometricInterpretation") == "MONOCHROME1":
            white = 1 - white
    return np.round(white * ((1 << bits_stored) - 1)).astype(dtype)


def _srgb(encoded: list[float]) -> NDArray[np.float64]:
    """Return sRGB of 0 to 1 from CIELab as DICOM encodes it (PS3.3 C.10.7.1.1)."""
    lightness = encoded[0] / _STEPS * _LIGHTNESS
    a, b = ((value - _CHROMA_ZERO) / _CHROMA for value in encoded[1:])
    middle = (lightness + 16) / 116
    steps = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = np.where(steps > _EDGE, steps**3, 3 * _EDGE**2 * (steps - 4 / 29)) * _WHITE_D50
    linear = np.clip(_XYZ_TO_SRGB @ xyz, 0, 1)
    curved = (1 + _OFFSET) * linear ** (1 / _GAMMA) - _OFFSET
    return np.asarray(np.where(linear <= _LINEAR, linear * _SLOPE, curved), np.float64)
