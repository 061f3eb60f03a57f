"""Trestle TIFF: `key=value` pairs in the ImageDescription, and tiles that may overlap.

Tiles of levels whose `OverlapsXY` are all 0 are the picture, and JPEG tiles pass; overlaps are left to OpenSlide. The
resolution tags hold micrometres a pixel, the inverse of what TIFF 6.0 says. The overview is a JPEG beside the slide,
named `.Full` in place of its suffix (OpenSlide's description of the Trestle format).
"""

from itertools import pairwise
from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.numbers import positive
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.jpegs_beside import JpegsBesideSource
from pipeline.io.sources.tiff.resolution import rational
from pipeline.io.sources.tiff.source import source_image
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.io.sources.tiff.whole_jpeg import WholeJpeg
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription

_MOST_JPEG_BYTES = 1 << 26


def is_trestle(container: TiffContainer) -> bool:
    """Whether a TIFF file is Trestle's."""
    return container.text("Software").startswith("MedScan") and bool(container.description)


def open_trestle(container: TiffContainer, scene: int) -> SlideSource:
    """Return the slide in a Trestle TIFF. Raises SourceError."""
    uri = container.uri
    check_scene(uri, scene)
    values = _values(container.description)
    warnings: list[str] = []
    if list(Path(uri).parent.glob(f"{_escaped(Path(uri).name)}-*b")):
        warnings.append("files of the overlaps of single tiles lie beside it, which are not read: edges may not meet")
    if not all(page.is_tiled for page in container.pages):
        raise SourceError(f"{uri}: not all of its directories are stored in tiles, as those of Trestle are", uri=uri)
    images = [[container.image(number)] for number in range(len(container.pages))]
    if any(part != "0" for part in values.get("OverlapsXY", "").split()):
        from pipeline.io.sources.openslide import OpenSlideSource

        container.close()
        _overview(uri, warnings)  # OpenSlide leaves out one that it cannot read, without a word
        return OpenSlideSource(uri, tuple(warnings))
    for (larger,), (smaller,) in pairwise(images):
        if smaller.columns >= larger.columns or smaller.rows >= larger.rows:
            raise SourceError(f"{uri}: its levels do not shrink", uri=uri)
    described = [source_image(i, image, ImageKind.VOLUME, i) for i, (image,) in enumerate(images)]
    jpegs: dict[int, WholeJpeg] = {}
    overview = _overview(uri, warnings)
    if overview is not None:
        index = len(images)
        jpegs[index] = overview
        described.append(overview.described(index, ImageKind.OVERVIEW))
        images.append([])
    description = SlideDescription(
        format="trestle",
        images=tuple(described),
        facts=_facts(values, container, images[0][0].samples),
        icc_profile=icc_profile(container.first, uri),
        warnings=tuple(warnings),
        properties=(*((f"trestle.{name}", value) for name, value in values.items()), *text_properties(container)),
    )
    return JpegsBesideSource(container, images, description, jpegs=jpegs)


def _overview(uri: str, warnings: list[str]) -> WholeJpeg | None:
    """Return the JPEG beside the slide; None without one, or with a warning for one that cannot be read."""
    path = Path(uri).with_suffix(".Full")
    if not path.is_file():
        return None
    try:
        return WholeJpeg(_read(path), uri, "overview")
    except SourceError as error:
        warnings.append(f"the overview was left out: {error}")
        return None


def _values(description: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in description.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _MOST_JPEG_BYTES else b""
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", uri=str(path)) from error
    if size > _MOST_JPEG_BYTES:
        raise SourceError(f"{path} has {size} bytes: too many for an overview", uri=str(path))
    return data


def _facts(values: dict[str, str], container: TiffContainer, samples: int) -> ScannerFacts:
    x, y = (rational(container.first, name) for name in ("XResolution", "YResolution"))
    return ScannerFacts(
        pixel_spacing_mm=(y / 1000, x / 1000) if x and y and min(x, y) > 0 else None,
        objective_power=positive(values.get("Objective Power", "")),
        manufacturer="Trestle",
        software_versions=(container.text("Software"),),
        acquisition_datetime=tiff_date_time(container.text("DateTime")),
        background=_colour(values.get("Background Color", "")) if samples == 3 else None,
    )


def _colour(text: str) -> tuple[int, ...] | None:
    try:
        colour = bytes.fromhex(text)
    except ValueError:
        return None
    return tuple(colour) if len(colour) == 3 else None
