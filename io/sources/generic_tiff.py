"""Pyramidal TIFF and BigTIFF of no vendor, tiled or in strips, gray or RGB, 8 or 16 bit.

The first directory is the base level; later directories that are smaller with the same shape are lower levels. A
second image as large as the base means channels, focal planes or regions: refused, since leaving them out would lose
pixels. So are lower levels in SubIFDs, as OME-TIFF has them: they are not read yet.
"""

import tifffile

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import date_time
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription

_MM_PER_UNIT = {2: 25.4, 3: 10.0}
"""TIFF 6.0 ResolutionUnit: inch, centimetre."""
_COARSEST_SCAN_MM = 0.02
_SHAPE_TOLERANCE = 0.02


def open_generic_tiff(container: TiffContainer) -> SlideSource:
    """Return the slide in a plain TIFF file. Raises SourceError."""
    if container.first.subifds:
        raise SourceError(
            f"{container.uri}: its lower levels are in SubIFDs (OME-TIFF), which this version does not read",
            uri=container.uri,
        )
    base = container.image(0)
    images: list[TiffImage] = [base]
    warnings: list[str] = []
    for number, page in enumerate(container.pages[1:], start=1):
        size = (int(page.imagewidth), int(page.imagelength))
        if size[0] >= base.columns or size[1] >= base.rows:
            raise SourceError(
                f"{container.uri}: directory {number} is as large as the base level, as channels, focal planes and "
                "regions are; this version converts one plane of gray or RGB pixels",
                uri=container.uri,
            )
        if not _same_shape(size, (base.columns, base.rows)):
            warnings.append(
                f"directory {number} ({size[0]} x {size[1]}) was left out: it has not the shape of the base level"
            )
            continue
        image = container.image(number)
        if (image.samples, image.bits) != (base.samples, base.bits):
            warnings.append(
                f"directory {number} ({size[0]} x {size[1]}) was left out: it has {image.samples} samples of "
                f"{image.bits} bits, the base level {base.samples} of {base.bits}"
            )
            continue
        images.append(image)
    images.sort(key=lambda image: image.columns, reverse=True)
    if len({image.columns for image in images}) < len(images):
        raise SourceError(f"{container.uri}: two levels have the same width", uri=container.uri)
    facts, doubts = _facts(container)
    description = SlideDescription(
        format="generic-tiff",
        images=tuple(source_image(i, image, ImageKind.VOLUME, i) for i, image in enumerate(images)),
        facts=facts,
        icc_profile=container.icc_profile(),
        warnings=(*warnings, *doubts),
    )
    return TiffSource(container, [[image] for image in images], description)


def _same_shape(size: tuple[int, int], base: tuple[int, int]) -> bool:
    """Whether a smaller image may be a level: the rounding of small sizes is allowed for."""
    slack = 1 / min(size) + _SHAPE_TOLERANCE
    return abs(size[0] * base[1] / (size[1] * base[0]) - 1) <= slack


def _facts(container: TiffContainer) -> tuple[ScannerFacts, list[str]]:
    """Read resolution, maker and date from the baseline tags (TIFF 6.0 section 8)."""
    page, spacing, warnings = container.first, None, []
    across, down = _pixels_per_unit(page, "XResolution"), _pixels_per_unit(page, "YResolution")
    unit = _MM_PER_UNIT.get(int(page.resolutionunit)) if "ResolutionUnit" in page.tags or across else None
    if across and down and unit:
        spacing = (unit / down, unit / across)
        if max(spacing) > _COARSEST_SCAN_MM:
            warnings.append(
                f"the file's resolution means {spacing[1] * 1000:.4g} micrometres a pixel, which no slide scanner has; "
                "--source-pixel-spacing-mm ROW,COL puts it right"
            )
    facts = ScannerFacts(
        pixel_spacing_mm=spacing,
        manufacturer=container.text("Make"),
        model=container.text("Model"),
        software_versions=(container.text("Software"),) if container.text("Software") else (),
        acquisition_datetime=date_time("".join(c for c in container.text("DateTime") if c not in ": ")),
    )
    return facts, warnings


def _pixels_per_unit(page: tifffile.TiffPage, name: str) -> float | None:
    tag = page.tags.get(name)
    if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2 or not all(tag.value):
        return None
    resolution = float(tag.value[0] / tag.value[1])
    return resolution if resolution > 0 else None
