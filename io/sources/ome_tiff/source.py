"""Open an OME-TIFF: the XML says what the directories are, the directories hold the pixels.

Channels are optical paths in the XML's order, focal planes go from glass to coverslip, and each image and each time
point is a scene of its own. JPEG and JPEG 2000 tiles pass, one `TiffImage` a plane.
"""

from dataclasses import replace

import tifffile

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.ome_tiff.document import read_document
from pipeline.io.sources.ome_tiff.facts import focal_planes, optical_paths, scanner_facts, stage_place
from pipeline.io.sources.ome_tiff.model import Document, Image
from pipeline.io.sources.ome_tiff.planes import check_one_file, check_plane_numbers
from pipeline.io.sources.ome_tiff.pyramid import indexed_planes, scene_levels
from pipeline.io.sources.ome_tiff.scenes import divide
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.stage import slide_origins_mm
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.pixel_form import PALETTE
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.stack import check_levels_shrink, level_image, read_level
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SlideDescription, SourceImage


def open_ome_tiff(container: TiffContainer, number: int) -> SlideSource:
    """Return a scene of an OME-TIFF, from 1. Raises SourceError."""
    document = read_document(container.description, container.uri)
    check_one_file(document, container.uri)
    check_plane_numbers(document, len(container.pages), container.uri)
    scenes, associated = divide(document)
    check_scene(container.uri, number, len(scenes))
    scene = scenes[number - 1]
    base = scene.levels[0]
    order, offsets_um, warnings = focal_planes(base, scene.time)
    named = _named_directories(container, document)
    channels, pages, doubts = scene_levels(container, scene, order, named)
    levels = [
        read_level(container, level, significant_bits=base.significant_bits, index_is_gray=True) for level in pages
    ]
    check_levels_shrink(levels, container.uri)
    images: list[list[TiffImage]] = list(levels)
    described = [
        level_image(i, planes, i, optical_paths=channels, focal_planes=base.size_z) for i, planes in enumerate(levels)
    ]
    warnings += doubts + _add_associated(container, associated, images, described)
    first = levels[0][0]
    paths = optical_paths(base, first.samples, [_palette_colour(page) for page in pages[0][:: base.size_z]])
    facts = scanner_facts(document, base, paths, first.samples)
    origins = slide_origins_mm([stage_place(other.levels[0], other.time) for other in scenes])
    if facts.background is not None:
        facts = replace(facts, background=(first.form.added,))
    description = SlideDescription(
        format="ome-tiff",
        images=tuple(described),
        facts=replace(facts, origin_mm=origins[number - 1]),
        icc_profile=icc_profile(container.first, container.uri),
        warnings=tuple(warnings),
        optical_paths=paths,
        focal_plane_offsets_um=offsets_um,
        scenes=tuple(other.name for other in scenes) if len(scenes) > 1 else (),
        scene=number,
        # Time points of one image are of one place, known or not.
        shared_coordinates=len(scenes) > 1
        and (origins[0] is not None or all(other.levels[0] is base for other in scenes)),
        properties=(*document.properties, *text_properties(container)),
    )
    return TiffSource(container, images, description)


def _named_directories(container: TiffContainer, document: Document) -> set[int]:
    """Return the directories that images name; all of them where there are several, whose levels nobody can tell."""
    if len(document.images) > 1:
        return set(range(len(container.pages)))
    return set(indexed_planes(container, document.images[0])[1].values())


def _add_associated(
    container: TiffContainer,
    associated: list[tuple[ImageKind, Image]],
    images: list[list[TiffImage]],
    described: list[SourceImage],
) -> list[str]:
    """Add label, overview and thumbnail, the first of each kind; return warnings of those that cannot be read."""
    warnings: list[str] = []
    taken: set[ImageKind] = set()
    for kind, image in associated:
        try:
            _, index = indexed_planes(container, image)
            if kind in taken or len(index) > 1:
                raise SourceError(f"it has {len(index)} planes, or is not the first of its kind")
            picture = container.image(next(iter(index.values())))
        except SourceError as error:
            warnings.append(f"the {kind.lower()} {image.name!r} was left out: {error}")
            continue
        taken.add(kind)
        described.append(source_image(len(images), picture, kind, None))
        images.append([picture])
    return warnings


def _palette_colour(page: tifffile.TiffPage) -> tuple[int, int, int] | None:
    """Return the colour in which a palette shows the largest sample; None where there is no palette."""
    colours = page.colormap if int(page.photometric) == PALETTE else None
    if colours is None or colours.ndim != 2 or len(colours) != 3:
        return None
    red, green, blue = (int(colour) >> 8 for colour in colours[:, -1])
    return red, green, blue
