"""From the files of a series to its images: levels by size, and label, overview and thumbnail.

A level may be one instance, or several of equal size that hold an optical path or a focal plane each, or the parts of
concatenations (PS3.3 C.7.6.16.2.2.4). What contradicts that it is one pyramid of one slide is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.io.sources.dicom.concatenation import check_concatenations, concatenation_uid
from pipeline.io.sources.dicom.file import ParsedFile, parse_file
from pipeline.io.sources.dicom.image import DicomImage
from pipeline.io.sources.dicom.instance import Instance, image_flavor, is_image_of_slide, read_instance, what_it_is
from pipeline.io.sources.dicom.placement import identifiers
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind

_RATIO_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesImage:
    """An image with the instances that its headers are in."""

    image: DicomImage
    instances: tuple[Instance, ...]


def read_series(files: Sequence[FileBytes], uri: str) -> tuple[list[SeriesImage], list[str]]:
    """Read all files of a series: its images, levels first, base first, and warnings. Raises SourceError."""
    parsed = [parse_file(file) for file in files]
    wanted, warnings = _images_of_slides(parsed, uri)
    instances = [_checked(one) for one in wanted]
    instances.sort(key=lambda one: (one.number, concatenation_uid(one), one.first_frame, one.name))
    levels = _levels([one for one in instances if one.kind is ImageKind.VOLUME], uri)
    listed = tuple(dict.fromkeys(path for one in levels[0] for path in identifiers(one.header)))
    images = [_image(levels[0], listed, uri)]
    paths = images[0].image.paths
    for level in levels[1:]:
        images.append(_image(level, paths, uri))
        others = images[-1].image.paths
        if others != paths:
            raise SourceError(
                f"{level[0].name}: optical paths {', '.join(others)} are not those of the base, {', '.join(paths)}",
                uri=uri,
            )
    for kind in (ImageKind.LABEL, ImageKind.OVERVIEW, ImageKind.THUMBNAIL):
        of_kind = [one for one in instances if one.kind is kind]
        if of_kind:
            first = [one for one in of_kind if one.grid == of_kind[0].grid and _is_same(one, of_kind[0])]
            images.append(_image(first, paths, uri))
            if len(first) < len(of_kind):
                left_out = ", ".join(one.parsed.file_name for one in of_kind if one not in first)
                warnings.append(f"several images of type {kind}: {left_out} is left out")
    warnings += [warning for one in images for warning in one.image.warnings]
    return images, warnings


def _images_of_slides(parsed: Sequence[ParsedFile], uri: str) -> tuple[list[ParsedFile], list[str]]:
    """Leave out what is no image of a slide, with a warning. Raises SourceError when nothing is left."""
    known = [one for one in parsed if is_image_of_slide(one.header)]
    if not any(image_flavor(one.header) == ImageKind.VOLUME for one in known):
        for one in parsed:
            _checked(one)
        raise SourceError(f"{uri}: no image of the series is a level (VOLUME in ImageType)", uri=uri)
    warnings = [f"{one.file_name} is {what_it_is(one.header)}, and left out" for one in parsed if one not in known]
    return known, warnings


def _checked(parsed: ParsedFile) -> Instance:
    try:
        return read_instance(parsed)
    except SourceError:
        raise
    except Exception as error:  # attributes may be missing, or be anything
        raise SourceError(
            f"{parsed.name} has no header of a slide ({type(error).__name__}: {error})", uri=parsed.name
        ) from error


def _levels(volumes: Sequence[Instance], uri: str) -> list[list[Instance]]:
    """Group the instances of levels by size, largest first."""
    pyramids = sorted({str(one.header.PyramidUID) for one in volumes if one.header.get("PyramidUID")})
    if len(pyramids) > 1:
        raise SourceError(
            f"{uri} holds {len(pyramids)} pyramids in one series (PyramidUID); give each its own folder and series",
            uri=uri,
        )
    ordered = sorted(volumes, key=_size, reverse=True)
    levels = [list(group) for _, group in groupby(ordered, key=_size)]
    base = levels[0][0].grid
    for level in levels[1:]:
        grid = level[0].grid
        across, down = base.columns / grid.columns, base.rows / grid.rows
        rounding = 1 / grid.columns + 1 / grid.rows + _RATIO_TOLERANCE
        if abs(across / down - 1) > rounding:
            raise SourceError(
                f"{level[0].name} is {grid.columns} x {grid.rows} pixels, no level of {base.columns} x "
                f"{base.rows}: the series holds several slides or regions; give each its own folder and series",
                uri=uri,
            )
    return levels


def _size(instance: Instance) -> tuple[int, int, int]:
    grid = instance.grid
    return grid.columns * grid.rows, grid.columns, grid.rows


def _image(instances: Sequence[Instance], paths: Sequence[str], uri: str) -> SeriesImage:
    check_concatenations(instances, uri)
    return SeriesImage(image=DicomImage(instances, paths, uri), instances=tuple(instances))


def _is_same(one: Instance, other: Instance) -> bool:
    return one is other or bool(concatenation_uid(one) and concatenation_uid(one) == concatenation_uid(other))
