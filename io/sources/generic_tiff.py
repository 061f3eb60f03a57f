"""Pyramidal TIFF and BigTIFF of no vendor, tiled or in strips, gray, RGB or with a palette, 8 to 16 bit.

The first directory is the base level; its SubIFDs, or later directories that are smaller with the same shape, are lower
levels. Directories as large as the base are planes where ImageJ says what they are: channels, focal planes, frames.
Else they are refused, since leaving them out would lose pixels. A later directory whose description is `label` or
`macro`, with or without a size behind it, is that and no level: so plain TIFFs are written here, after Aperio's habit.
"""

import re
from collections.abc import Sequence

import tifffile

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.imagej import Stack, imagej_stack
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.resolution import resolution_spacing_mm
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.stack import level_image, page_size, read_level, same_shape
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, ImageKind, ScannerFacts, SlideDescription

_COARSEST_SCAN_MM = 0.02
_UNKNOWN_STEP_UM = 1.0
_NAMED = re.compile(r"\s*(label|macro)(\s+\d+\s*x\s*\d+)?\s*", re.IGNORECASE)
_KINDS = {"label": ImageKind.LABEL, "macro": ImageKind.OVERVIEW}


def open_generic_tiff(container: TiffContainer, scene: int = 1) -> SlideSource:
    """Return the slide in a plain TIFF file; the frames of an ImageJ stack are its scenes. Raises SourceError."""
    associated = _associated(container)
    pages = [page for page in container.pages if page not in associated.values()]
    stack, bases = _planes(container, pages)
    check_scene(container.uri, scene, stack.frames)
    wanted = [
        stack.plane(channel, focal_plane, scene - 1)
        for channel in range(stack.channels)
        for focal_plane in range(stack.slices)
    ]
    base = read_level(container, [bases[place] for place in wanted])
    levels, warnings = _lower_levels(container, _below(container, pages, bases), wanted, base[0], len(bases))
    levels = sorted([base, *levels], key=lambda planes: planes[0].columns, reverse=True)
    if len({planes[0].columns for planes in levels}) < len(levels):
        raise SourceError(f"{container.uri}: two levels have the same width", uri=container.uri)
    black = base[0].samples == 1 and stack.paths[0].illumination is Illumination.FLUORESCENCE
    facts, doubts = _facts(container, stack, (base[0].form.added,) if black else None)
    step_um = stack.step_um
    if step_um is None and stack.slices > 1:
        step_um = _UNKNOWN_STEP_UM
        doubts.append(f"the distance of the {stack.slices} focal planes is not told: {step_um:g} micrometre is written")
    images = [
        level_image(i, planes, i, optical_paths=stack.channels, focal_planes=stack.slices)
        for i, planes in enumerate(levels)
    ]
    for kind, page in associated.items():
        try:
            image = container.image(page)
        except SourceError as error:
            doubts.append(f"the {kind.lower()} was left out: {error}")
            continue
        images.append(source_image(len(images), image, kind, None))
        levels.append([image])
    description = SlideDescription(
        format="generic-tiff",
        images=tuple(images),
        facts=facts,
        icc_profile=icc_profile(container.first, container.uri),
        warnings=(*warnings, *doubts),
        optical_paths=stack.paths,
        focal_plane_offsets_um=tuple(i * (step_um or 0.0) for i in range(stack.slices)),
        scenes=tuple(f"t={i + 1}" for i in range(stack.frames)) if stack.frames > 1 else (),
        scene=scene,
        shared_coordinates=stack.frames > 1,
        properties=text_properties(container),
    )
    return TiffSource(container, levels, description)


def _associated(container: TiffContainer) -> dict[ImageKind, tifffile.TiffPage]:
    """Return the directories that say of themselves that they are label or macro; of several the first."""
    found: dict[ImageKind, tifffile.TiffPage] = {}
    for page in container.pages[1:]:
        named = _NAMED.fullmatch(page.description)
        if named is not None:
            found.setdefault(_KINDS[named[1].lower()], page)
    return found


def _planes(container: TiffContainer, pages: Sequence[tifffile.TiffPage]) -> tuple[Stack, list[tifffile.TiffPage]]:
    """Return how the directories of the base's size are ordered, and these. Raises SourceError."""
    size = page_size(container.first)
    bases = [page for page in pages if page_size(page) == size]
    stack = imagej_stack(container, len(bases))
    if stack is not None:
        return stack, bases
    for page in pages[1:]:
        columns, rows = page_size(page)
        if columns >= size[0] or rows >= size[1]:
            raise SourceError(
                f"{container.uri}: directory {page.index} is as large as the base level, and nothing says whether "
                "it is a channel, a focal plane or another region; save the image as OME-TIFF, which does",
                uri=container.uri,
            )
    return Stack(), bases[:1]


def _lower_levels(
    container: TiffContainer, below: Sequence[list[tifffile.TiffPage]], wanted: list[int], base: TiffImage, of_base: int
) -> tuple[list[list[TiffImage]], list[str]]:
    """Return levels of what is below the base's planes, `of_base` in number, and warnings of what was left out."""
    size, levels, warnings = (base.columns, base.rows), [], []
    for pages in below:
        number, own = pages[0].index, page_size(pages[0])
        shown = f"directory {number} ({own[0]} x {own[1]}) was left out"
        if not same_shape(own, size):
            warnings.append(f"{shown}: it has not the shape of the base level")
            continue
        if len(pages) != of_base:
            warnings.append(f"{shown}: the base level has {of_base} planes, and of its size there are {len(pages)}")
            continue
        planes = read_level(container, [pages[place] for place in wanted])
        if (planes[0].samples, planes[0].bits) != (base.samples, base.bits):
            warnings.append(
                f"{shown}: it has {planes[0].samples} samples of "
                f"{planes[0].bits} bits, the base level {base.samples} of {base.bits}"
            )
            continue
        levels.append(planes)
    return levels, warnings


def _below(
    container: TiffContainer, pages: Sequence[tifffile.TiffPage], bases: list[tifffile.TiffPage]
) -> list[list[tifffile.TiffPage]]:
    """Return the smaller directories, those of the planes of a level together."""
    below = [container.subdirectories(page) for page in bases]
    if any(below):
        if len({len(found) for found in below}) > 1:
            raise SourceError(f"{container.uri}: its planes have SubIFDs in different numbers", uri=container.uri)
        return [list(planes) for planes in zip(*below, strict=True)]
    smaller = [page for page in pages if page_size(page) != page_size(bases[0])]
    if len(bases) == 1:
        return [[page] for page in smaller]
    sizes = dict.fromkeys(page_size(page) for page in smaller)
    return [[page for page in smaller if page_size(page) == size] for size in sizes]


def _facts(
    container: TiffContainer, stack: Stack, background: tuple[int, ...] | None
) -> tuple[ScannerFacts, list[str]]:
    """Read resolution, maker and date from the baseline tags (TIFF 6.0 section 8)."""
    warnings = []
    spacing = resolution_spacing_mm(container.first, stack.mm_per_unit)
    if spacing is not None and max(spacing) > _COARSEST_SCAN_MM:
        warnings.append(
            f"the file's resolution means {spacing[1] * 1000:.4g} micrometres a pixel, which no slide scanner has; "
            "--source-pixel-spacing-mm ROW,COL puts it right"
        )
    orientation = container.first.tags.get("Orientation")
    if orientation is not None and orientation.value != 1:
        warnings.append(
            f"the file's Orientation is {orientation.value!s}: the image is written as it is stored, not turned"
        )
    facts = ScannerFacts(
        pixel_spacing_mm=spacing,
        manufacturer=container.text("Make"),
        model=container.text("Model"),
        software_versions=(container.text("Software"),) if container.text("Software") else (),
        acquisition_datetime=tiff_date_time(container.text("DateTime")),
        background=background,
    )
    return facts, warnings
