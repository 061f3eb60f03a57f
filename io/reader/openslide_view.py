"""A slide through the interface of openslide-python: Pillow images, and (column, row) instead of (row, column).

Behaviour is that of OpenSlide 4: regions have the size that was asked for and are transparent where there are no
pixels, the best level is never coarser than asked for, and properties are strings.
"""

import operator
from types import TracebackType

import numpy as np
from PIL import Image

from pipeline.io.reader.image import TiledImage
from pipeline.io.reader.positions import pixel_spacing
from pipeline.io.reader.slide import Slide
from pipeline.io.reader.slide_region import first_pixel
from pipeline.io.reader.upstream import ImageFlavors, UpstreamOpenSlide, stands_for

_PREFIX = "openslide."
_MICROMETRES = 1000
_DECIMALS = 12
"""Of micrometres a pixel: what is beyond comes from floating-point arithmetic."""


@stands_for(UpstreamOpenSlide)
class OpenSlide(UpstreamOpenSlide):
    """A slide for programs that are written for OpenSlide. Closing it leaves the slide open.

    Pixels are colour corrected, unlike those of OpenSlide; `OpenSlide(slide.with_correct_color(False))` gives those
    that are stored.
    """

    _slide: Slide
    _volume_images: tuple[TiledImage, ...]

    def __init__(self, slide: Slide) -> None:
        """Take a slide. Raises ValueError unless it is in colour of 8 bits, of one optical path and one focal plane."""
        super().__init__(slide)
        metadata = [image.metadata for image in self._volume_images]
        if any(one.get("BitsAllocated") != 8 or one.get("PixelRepresentation") for one in metadata):
            raise ValueError("OpenSlide API only supports images of 8 bits.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def associated_images(self) -> dict[str, Image.Image]:
        """The first LABEL and the first OVERVIEW image, RGBA, by these names."""
        flavors = (
            (ImageFlavors.LABEL, self._slide.label_images),
            (ImageFlavors.OVERVIEW, self._slide.overview_images),
        )
        found = {}
        for flavor, images in flavors:
            if images:
                pixels = images[0].get_total_pixel_matrix()[:, :, :]
                gray = pixels.shape[2] == 1
                found[flavor.value] = Image.fromarray(pixels[:, :, 0] if gray else pixels).convert("RGBA")
        return found

    def read_region(self, location: tuple[int, int], level: int, size: tuple[int, int]) -> Image.Image:
        """Return a region of a level, RGBA, in full size; transparent where it lies outside the level.

        `location` is the (column, row) of the first pixel in the base level, `size` the columns and rows of the level.
        Raises ValueError for a negative size and NotInSlide, an IndexError, where there is no such level.
        """
        columns, rows = map(operator.index, size)
        if columns < 0 or rows < 0:
            raise ValueError(f"Size {size} of a region must not be negative.")
        dimensions, offset = self._slide.total_pixel_matrix_dimensions, (location[1], location[0])
        pixels = self._slide.get_image_region(offset, level, (rows, columns))
        down, across = (max(0, -place) for place in first_pixel(offset, dimensions[level], dimensions[0]))
        region = np.zeros((rows, columns, 4), np.uint8)
        if pixels.size:
            inside = region[down : down + pixels.shape[0], across : across + pixels.shape[1]]
            inside[..., :3] = pixels
            inside[..., 3] = 255
        return Image.fromarray(region)

    def get_best_level_for_downsample(self, downsample: float) -> int:
        """Return the smallest level that is not coarser than a downsample; 0 where all are."""
        finer = [level for level, own in enumerate(self.level_downsamples) if own <= downsample]
        return finer[-1] if finer else 0

    @property
    def properties(self) -> dict[str, str]:
        """What OpenSlide 4 tells of a DICOM slide, and dicomslide's `bounds` of the pixels, which are all of them.

        The vendor is the Manufacturer. `objective-power` is there where it is known.
        """
        metadata = self._volume_images[0].metadata
        row_spacing, column_spacing = pixel_spacing(metadata)
        columns, rows = self.dimensions
        properties = {
            "comment": "DICOM",
            "vendor": str(metadata.get("Manufacturer", "")),
            "quickhash-1": self._slide.digest,
            "background-color": "FFFFFF",
            "mpp-x": str(round(column_spacing * _MICROMETRES, _DECIMALS)),
            "mpp-y": str(round(row_spacing * _MICROMETRES, _DECIMALS)),
            "bounds-x": "0",
            "bounds-y": "0",
            "bounds-width": str(columns),
            "bounds-height": str(rows),
            "level-count": str(self.level_count),
        }
        power = metadata.OpticalPathSequence[0].get("ObjectiveLensPower")
        if power is not None:
            properties["objective-power"] = f"{float(power):g}"
        sizes = zip(self._volume_images, self.level_dimensions, self.level_downsamples, strict=True)
        for level, (image, (width, height), downsample) in enumerate(sizes):
            properties |= {
                f"level[{level}].width": str(width),
                f"level[{level}].height": str(height),
                f"level[{level}].downsample": f"{downsample:.17g}",
                f"level[{level}].tile-width": str(image.metadata.Columns),
                f"level[{level}].tile-height": str(image.metadata.Rows),
            }
        return {f"{_PREFIX}{name}": value for name, value in sorted(properties.items())}
