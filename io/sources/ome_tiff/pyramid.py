"""The directories of a scene: which belong to which level, and in which order its planes are.

Lower levels are in SubIFDs of each plane (OME-TIFF 6), in images of their own, or in directories of the chain that
the XML does not name, as many a level as the base has planes and in the same order.
"""

from collections.abc import Sequence
from itertools import groupby

import tifffile

from pipeline.io.sources.ome_tiff.model import Image
from pipeline.io.sources.ome_tiff.planes import PlaneIndex, channel_count, plane_index
from pipeline.io.sources.ome_tiff.scenes import Scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.stack import page_size, same_shape
from pipeline.model.errors import SourceError

Pages = list[tifffile.TiffPage]


def indexed_planes(container: TiffContainer, image: Image) -> tuple[int, PlaneIndex]:
    """Return the channels of an image and the directory of each of its planes; SourceError for contradictions."""
    directories = len(container.pages)
    first = next((block.directory for block in image.blocks if block.directory is not None), 0)
    samples = int(container.pages[min(first, directories - 1)].samplesperpixel)
    channels = channel_count(image, samples, container.uri)
    index = plane_index(image, channels, directories, container.uri)
    for directory in index.values():
        _check_page(container.pages[directory], directory, image, samples, container.uri)
    return channels, index


def scene_levels(
    container: TiffContainer, scene: Scene, focal_planes: Sequence[int], named: set[int]
) -> tuple[int, list[Pages], list[str]]:
    """Return channels, the directories of each level's planes in the order of `SourceImage`, and warnings.

    `focal_planes` are numbers of the XML from glass to coverslip; `named` are the directories that any image of the
    XML names.
    """
    base = scene.levels[0]
    channels, index = indexed_planes(container, base)
    wanted = [(channel, z, scene.time) for channel in range(channels) for z in focal_planes]
    pages = [container.pages[index[plane]] for plane in wanted]
    levels = [pages]
    for image in scene.levels[1:]:
        lower_channels, lower = indexed_planes(container, image)
        if lower_channels != channels:
            raise SourceError(f"{container.uri}: {image.name!r} has other channels than its base", uri=container.uri)
        levels.append([container.pages[lower[plane]] for plane in wanted])
    below, warnings = _from_subdirectories(container, pages)
    if len(levels) == 1 and not below:
        ranks = {directory: rank for rank, directory in enumerate(sorted(index.values()))}
        below, warnings = _from_chain(container, pages[0], [ranks[index[plane]] for plane in wanted], len(ranks), named)
    return channels, [*levels, *below], warnings


def _from_subdirectories(container: TiffContainer, pages: Pages) -> tuple[list[Pages], list[str]]:
    below = [container.subdirectories(page) for page in pages]
    counts = {len(found) for found in below}
    if len(counts) > 1:
        raise SourceError(
            f"{container.uri}: some planes have {min(counts)} lower levels in SubIFDs and others {max(counts)}: "
            "the file was not finished",
            uri=container.uri,
        )
    levels = [list(level) for level in zip(*below, strict=True)]
    levels.sort(key=lambda level: -page_size(level[0])[0])
    return _of_shape(levels, page_size(pages[0]), "in SubIFDs")


def _from_chain(
    container: TiffContainer, base: tifffile.TiffPage, ranks: list[int], planes: int, named: set[int]
) -> tuple[list[Pages], list[str]]:
    """Take levels from directories that no image names; `ranks` are the places of the wanted planes among the base's.

    With several images nobody could tell whose levels they are.
    """
    nameless = [page for number, page in enumerate(container.pages) if number not in named]
    levels, strangers = [], 0
    for size, group in groupby(nameless, page_size):
        found = list(group)
        if len(found) == planes and size[0] < int(base.imagewidth):
            levels.append([found[rank] for rank in ranks])
        else:
            strangers += len(found)
    kept, warnings = _of_shape(levels, page_size(base), "that the XML does not name")
    if strangers:
        warnings.append(f"{strangers} directories that the OME-XML does not name were left out")
    return kept, warnings


def _of_shape(levels: list[Pages], base: tuple[int, int], where: str) -> tuple[list[Pages], list[str]]:
    kept, warnings = [], []
    for level in levels:
        size = page_size(level[0])
        if min(size) > 0 and same_shape(size, base):
            kept.append(level)
        else:
            warnings.append(f"directories of {size[0]} x {size[1]} {where} were left out: they have another shape")
    return kept, warnings


def _check_page(page: tifffile.TiffPage, number: int, image: Image, samples: int, uri: str) -> None:
    size = page_size(page)
    if size != (image.columns, image.rows) or int(page.samplesperpixel) != samples:
        raise SourceError(
            f"{uri}: the OME-XML of {image.name!r} tells of {image.columns} x {image.rows} pixels, but directory "
            f"{number}, one of its planes, is {size[0]} x {size[1]} with {page.samplesperpixel} samples a pixel",
            uri=uri,
        )
