"""Which directory of an NDPI file is what: levels in their focal planes, the macro image, the map.

The tag that names the lens is the magnification of a level, -1 for the macro image, which shows the whole slide with
its label, and -2 for the map, a drawing of what was scanned. DICOM has no flavour of image for a map: it is left out.
Directories of one size and different Z offset are one level in several focal planes.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.ndpi.directories import Directory
from pipeline.io.sources.ndpi.facts import optical_path, scanner_facts, text_properties
from pipeline.io.sources.ndpi.file import NdpiFile
from pipeline.io.sources.ndpi.images import Image, open_image, strip_range
from pipeline.io.sources.ndpi.retiled import RetiledImage
from pipeline.io.sources.ndpi.source import NdpiSource
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.io.sources.scenes import check_scene
from pipeline.model.errors import SourceError
from pipeline.model.source import (
    Compression,
    Illumination,
    ImageKind,
    LossyHistory,
    LossyStage,
    SlideDescription,
    SourceImage,
)

_MACRO, _MAP = -1, -2
_NM_PER_UM = 1000

_Planes = dict[int, Directory]
"""Directories of one level by Z offset in nanometres."""


def open_ndpi(path: str, scene: int) -> SlideSource:
    """Open an NDPI file. Raises SourceError."""
    check_scene(path, scene)
    file = NdpiFile(path)
    try:
        return _slide(file)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # tags of a damaged file may contradict each other in any way
        file.close()
        raise SourceError(f"{path} is malformed ({type(error).__name__}: {error})", uri=path) from error


def _slide(file: NdpiFile) -> NdpiSource:
    warnings: list[str] = []
    levels = _levels(file, warnings.append)
    base = next(iter(levels[0].values()))
    path = optical_path(base)
    dark = path.illumination is Illumination.FLUORESCENCE
    images: list[list[Image]] = []
    described: list[SourceImage] = []
    for number, planes in enumerate(levels):
        readers = [open_image(file, planes[z], dark=dark, warn=warnings.append) for z in sorted(planes)]
        _check_planes(file, number, readers)
        described.append(_described(len(images), ImageKind.VOLUME, number, readers))
        images.append(readers)
    _check_order(file, described)
    macro = _macro(file, warnings.append)
    if macro is not None:
        described.append(_described(len(images), ImageKind.OVERVIEW, None, [macro[0]]))
        images.append([macro[0]])
    if dark:
        warnings.append(f"fluorescence ({path.name}), stored as RGB by the scanner: it stays three samples of one path")
    grid = described[0].grid
    description = SlideDescription(
        format="hamamatsu",
        images=tuple(described),
        facts=scanner_facts(base, grid.columns, grid.rows),
        icc_profile=base.data(Tag.ICC_PROFILE),
        warnings=tuple(warnings),
        optical_paths=(path,),
        focal_plane_offsets_um=tuple(z / _NM_PER_UM for z in sorted(levels[0])),
        properties=text_properties(file.directories),
    )
    return NdpiSource(file, images, description, whole=[macro[1]] if macro is not None else [])


def _levels(file: NdpiFile, warn: Callable[[str], None]) -> list[_Planes]:
    """Group the directories of levels, the largest first. Raises SourceError."""
    levels: dict[tuple[int, int], _Planes] = {}
    for directory in file.directories:
        lens = directory.real(Tag.SOURCE_LENS)
        if lens is None or lens <= 0:
            if lens != _MACRO:
                role = "is the map of the slide" if lens == _MAP else "has no role that is known"
                warn(f"directory {directory.number} was left out: it {role}")
            continue
        size = directory.integer(Tag.IMAGE_WIDTH) or 0, directory.integer(Tag.IMAGE_LENGTH) or 0
        planes = levels.setdefault(size, {})
        z = directory.integer(Tag.Z_OFFSET) or 0
        if z in planes:
            raise SourceError(
                f"{file.uri}: directories {planes[z].number} and {directory.number} have one size "
                f"({size[0]} x {size[1]}) and one focal plane ({z} nm): they cannot be told apart",
                uri=file.uri,
            )
        planes[z] = directory
    if not levels:
        raise SourceError(f"{file.uri}: no directory is a level: none names the magnification of a lens", uri=file.uri)
    sizes = sorted(levels, reverse=True)
    base = levels[sizes[0]]
    for size in sizes[1:]:
        if levels[size].keys() != base.keys():
            warn(
                f"the level of {size[0]} x {size[1]} pixels was left out: it has {len(levels[size])} focal planes, the "
                f"base level {len(base)}, or other ones"
            )
    return [levels[size] for size in sizes if levels[size].keys() == base.keys()]


def _macro(file: NdpiFile, warn: Callable[[str], None]) -> tuple[Image, tuple[int, int]] | None:
    """Return the first macro image that can be read, and the range of its bytes."""
    for directory in file.directories:
        if directory.real(Tag.SOURCE_LENS) == _MACRO:
            try:
                return open_image(file, directory, dark=False, warn=warn), strip_range(file, directory)
            except SourceError as error:
                warn(f"the overview was left out: {error}")
    return None


def _described(index: int, kind: ImageKind, level: int | None, readers: Sequence[Image]) -> SourceImage:
    first = readers[0]
    pixels = first.grid.columns * first.grid.rows * first.samples * len(readers)
    stored = sum(int(reader.lengths.sum()) for reader in readers)
    retiled = isinstance(first, RetiledImage)
    is_frame = kind is ImageKind.VOLUME and first.has_frames
    return SourceImage(
        index=index,
        kind=kind,
        level=level,
        grid=first.grid,
        tiled=is_frame,
        samples=first.samples,
        bits=8,
        focal_planes=len(readers),
        compression=Compression.JPEG,
        colour=first.colour,
        lossy=LossyHistory((LossyStage("ISO_10918_1", pixels / max(1, stored)),)),
        lossless_frames=is_frame,
        retiled=retiled,
    )


def _check_planes(file: NdpiFile, level: int, readers: Sequence[Image]) -> None:
    """Raise SourceError where the focal planes of a level are not alike."""
    kinds = {(type(reader), reader.grid, reader.samples, reader.colour) for reader in readers}
    if len(kinds) > 1:
        raise SourceError(
            f"{file.uri}: the focal planes of level {level} are not stored alike: their sizes, restart intervals or "
            "components differ",
            uri=file.uri,
        )


def _check_order(file: NdpiFile, levels: Sequence[SourceImage]) -> None:
    for larger, smaller in pairwise(levels):
        if larger.grid.columns < smaller.grid.columns or larger.grid.rows < smaller.grid.rows:
            raise SourceError(
                f"{file.uri}: level {smaller.level} is not smaller than level {larger.level}: the levels do not shrink",
                uri=file.uri,
            )
        if larger.samples != smaller.samples:
            raise SourceError(f"{file.uri}: its levels are gray and colour", uri=file.uri)
