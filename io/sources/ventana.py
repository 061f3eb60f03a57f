"""Ventana BIF: levels of camera frames, which may share pixels with their neighbours.

Where no frames overlap, the tiles are the picture, and JPEG tiles pass. Where they overlap in whole columns and rows,
as those of DP scanners do, what is repeated is left out (`pipeline.io.sources.bif_stitching`). All other overlaps
(iScan Coreo and HT) are left to OpenSlide, which places frames at their mean distance and interpolates.

The picture of the whole slide (`Label_Image`) shows label and tissue: it is the overview. The map of tissue
(`Probability_Image`) is left out. Focal planes share a directory (ImageDepth), in an order of near and far whose
direction is not published: they are refused.
"""

import re
from itertools import pairwise

import tifffile

from pipeline.io.sources.bif_document import ScannedArea, parse_areas, parse_scan
from pipeline.io.sources.bif_source import StitchedSource
from pipeline.io.sources.bif_stitching import uniform_overlaps
from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.numbers import positive
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.tags import icc_profile, text_properties, xmp_packet
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription, SourceImage

_LEVEL = re.compile(r"\blevel=(\d{1,3})\b")
_MAGNIFICATION = re.compile(r"\bmag=([0-9.]{1,12})(?![0-9.eE])")
_PICTURES = {"Label Image": ImageKind.OVERVIEW, "Label_Image": ImageKind.OVERVIEW, "Thumbnail": ImageKind.THUMBNAIL}
_IMAGE_DEPTH = 32997


def is_ventana(container: TiffContainer) -> bool:
    """Whether a TIFF file is a Ventana BIF."""
    return b"<iScan" in xmp_packet(container.first)


def open_ventana(container: TiffContainer, scene: int) -> SlideSource:
    """Return the slide in a Ventana BIF. Raises SourceError."""
    uri = container.uri
    check_scene(uri, scene)
    scan, properties = parse_scan(xmp_packet(container.first), uri)
    numbers = _level_directories(container.pages, uri)
    _check_planes(scan, [container.pages[number] for number in numbers], uri)
    base = container.pages[numbers[0]]
    packet = xmp_packet(base)
    levels = [container.image(number) for number in numbers]
    areas = parse_areas(packet, uri, levels[0].grid)
    overlaps = None
    if any(area.overlaps for area in areas):
        overlaps = uniform_overlaps(areas[0]) if len(areas) == 1 else None
        if overlaps is None:
            _check_magnifications([container.pages[number] for number in numbers], uri)
            return _through_openslide(container)
    for larger, smaller in pairwise(levels):
        if smaller.columns >= larger.columns or smaller.rows >= larger.rows:
            raise SourceError(f"{uri}: its levels do not shrink", uri=uri)
    warnings = list(_order_frames(levels[0], areas, uri))
    images = [[level] for level in levels]
    described = [source_image(i, level, ImageKind.VOLUME, i) for i, level in enumerate(levels)]
    _add_pictures(container, images, described, warnings)
    facts = _facts(scan, container, levels[0].samples)
    description = SlideDescription(
        format="ventana",
        images=tuple(described),
        facts=facts,
        icc_profile=icc_profile(base, uri),
        warnings=tuple(warnings),
        properties=(*properties, *text_properties(container)),
    )
    if overlaps is None:
        return TiffSource(container, images, description)
    return StitchedSource(container, images, description, overlaps)


def _level_directories(pages: list[tifffile.TiffPage], uri: str) -> list[int]:
    """Return the directories of the levels, base first: descriptions read `level=0 mag=40 quality=90`."""
    found: dict[int, int] = {}
    for number, page in enumerate(pages):
        level = _LEVEL.search(page.description)
        if level is None:
            continue
        if int(level[1]) in found or not page.is_tiled:
            raise SourceError(f"{uri}: directory {number} is a second level {level[1]}, or not in tiles", uri=uri)
        found[int(level[1])] = number
    if not found or sorted(found) != list(range(len(found))):
        raise SourceError(f"{uri}: it has levels {sorted(found) or 'of no number'}, and not all from 0", uri=uri)
    return [found[level] for level in range(len(found))]


def _check_planes(scan: dict[str, str], levels: list[tifffile.TiffPage], uri: str) -> None:
    depths = [tag.value for page in levels if (tag := page.tags.get(_IMAGE_DEPTH)) is not None]
    if scan.get("Z-layers", "1") not in ("", "0", "1") or any(depth != 1 for depth in depths):
        raise SourceError(
            f"{uri}: it has {scan.get('Z-layers', 'several')} focal planes (Z-layers), which are not supported in "
            "Ventana BIF; export the one of best focus and convert that",
            uri=uri,
        )


def _check_magnifications(levels: list[tifffile.TiffPage], uri: str) -> None:
    """Raise SourceError unless each level is half as large as the one before: OpenSlide divides by the factor."""
    found = [_MAGNIFICATION.search(page.description) for page in levels]
    powers = [positive(match[1]) or 0 for match in found if match]
    if len(powers) != len(levels) or any(
        small <= 0 or abs(large / small - 2) > 0.5 for large, small in pairwise(powers)
    ):
        raise SourceError(f"{uri}: its levels have magnifications of {powers}, and not each half of the other", uri=uri)


def _through_openslide(container: TiffContainer) -> SlideSource:
    from pipeline.io.sources.openslide import OpenSlideSource

    container.close()
    return OpenSlideSource(
        container.uri, ("frames overlap: OpenSlide places them at their mean distance, by fractions of a pixel",)
    )


def _order_frames(base: TiffImage, areas: tuple[ScannedArea, ...], uri: str) -> list[str]:
    """Bring level 0 into the order of rows where frames say that its index has another."""
    if len(areas) > 1:
        return [f"{len(areas)} areas were scanned: they are placed to whole tiles"]
    frames = areas[0].frames if areas else ()
    across, down = base.grid.across, base.grid.down
    rows = [row * across + column for column, row in frames if column < across and row < down]
    if not frames or rows == list(range(len(frames))):
        return []
    if sorted(rows) != list(range(across * down)):
        return [f"{len(frames)} frames do not tell the place of each of {across * down} tiles: taken row by row"]
    places = sorted(range(len(rows)), key=rows.__getitem__)
    base.offsets, base.lengths = base.offsets[places], base.lengths[places]
    return []


def _add_pictures(
    container: TiffContainer, images: list[list[TiffImage]], described: list[SourceImage], warnings: list[str]
) -> None:
    taken: set[ImageKind] = set()
    for number, page in enumerate(container.pages):
        if _LEVEL.search(page.description):
            continue
        kind = _PICTURES.get(page.description.strip())
        if kind is None or kind in taken:
            warnings.append(f"directory {number} ({page.description.strip()[:40] or 'not named'}) was left out")
            continue
        try:
            image = container.image(number)
        except SourceError as error:
            warnings.append(f"the {kind.lower()} was left out: {error}")
            continue
        taken.add(kind)
        described.append(source_image(len(images), image, kind, None))
        images.append([image])


def _facts(scan: dict[str, str], container: TiffContainer, samples: int) -> ScannerFacts:
    scale = positive(scan.get("ScanRes", ""))
    white = scan.get("ScanWhitePoint", "")
    return ScannerFacts(
        pixel_spacing_mm=(scale / 1000, scale / 1000) if scale else None,
        objective_power=positive(scan.get("Magnification", "")),
        manufacturer="Ventana",
        model=scan.get("ScannerModel", ""),
        serial_number=scan.get("UnitNumber", ""),
        software_versions=(scan["BuildVersion"],) if scan.get("BuildVersion") else (),
        acquisition_datetime=tiff_date_time(container.text("DateTime")),
        barcode=scan.get("Barcode1D", "") or scan.get("Barcode2D", ""),
        background=(int(white),) * samples if white.isdecimal() and int(white) <= 255 else None,
    )
