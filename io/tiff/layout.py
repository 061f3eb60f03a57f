"""Which directories a slide's TIFF has, in which order, and what each says.

    tiff      base, reduced levels (NewSubfileType 1), overview, label
    svs       base, thumbnail, reduced levels, label, macro: the order of Aperio's files; the second directory that is
              not tiled is a thumbnail to their readers, whatever it is
    ome-tiff  a directory for each plane of the base, its reduced levels as SubIFDs; overview, label

Levels are tiled and nothing else is, which is how OpenSlide and others tell them apart: label, overview and thumbnail
are one strip each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import pipeline
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.tiff.aperio_text import aperio_description
from pipeline.io.tiff.directory import Directory, Field, numbers, opaque, ratio, text
from pipeline.io.tiff.fitting import tile_fitter
from pipeline.io.tiff.form import TileForm
from pipeline.io.tiff.ome_xml import ome_xml
from pipeline.io.tiff.source import TiffReadySource
from pipeline.io.tiff.tags import APERIO_MACRO, CENTIMETRE, REDUCED, Compression, Photometric, Tag, Type
from pipeline.model.errors import SourceError
from pipeline.model.plan import InstancePlan
from pipeline.model.source import ImageKind
from pipeline.model.tiff_target import TiffFormat, TiffTarget

_NAMES = {ImageKind.LABEL: "label", ImageKind.OVERVIEW: "macro", ImageKind.THUMBNAIL: "thumbnail"}
_MILLIMETRES_IN_CENTIMETRE = 10
_CENTRED = 1
_CHUNKY = 1


@dataclass(frozen=True, slots=True)
class TileRows:
    """Tiles of an instance, as they will stand in the file."""

    first: int
    """Place of the first among the tiles of the file."""
    lengths: NDArray[np.uint64]


def file_order(plans: Sequence[InstancePlan], target: TiffTarget) -> list[InstancePlan]:
    """Return the images that the file holds, in the order of their directories and of their tiles."""
    levels = sorted((plan for plan in plans if plan.kind is ImageKind.VOLUME), key=lambda plan: plan.number)
    of_kind = {plan.kind: plan for plan in plans if plan.kind is not ImageKind.VOLUME}
    kinds: tuple[ImageKind, ...] = (ImageKind.OVERVIEW, ImageKind.LABEL)
    thumbnail = of_kind.get(ImageKind.THUMBNAIL)
    if target.format is TiffFormat.SVS:
        kinds = (ImageKind.LABEL, ImageKind.OVERVIEW)
        if thumbnail is not None:
            levels.insert(1, thumbnail)
        elif len(levels) == 1:
            kinds = ()
    return levels + [of_kind[kind] for kind in kinds if kind in of_kind]


def directories(slide: OpenedSlide, tiles: Mapping[str, TileRows], target: TiffTarget) -> list[Directory]:
    """Return the top directories of a slide's TIFF; `tiles` are those of each image of `file_order`, by its name."""
    order = file_order(slide.plan.instances, target)
    writer = _Directories(slide, tiles, target)
    if target.format is not TiffFormat.OME_TIFF:
        return [writer.directory(plan, 0) for plan in order]
    levels = [plan for plan in order if plan.kind is ImageKind.VOLUME]
    others = [plan for plan in order if plan.kind is not ImageKind.VOLUME]
    base, reduced = levels[0], levels[1:]
    planes = [
        writer.directory(base, plane, tuple(writer.directory(level, plane) for level in reduced))
        for plane in range(len(base.source_planes))
    ]
    return planes + [writer.directory(plan, 0) for plan in others]


class _Directories:
    def __init__(self, slide: OpenedSlide, tiles: Mapping[str, TileRows], target: TiffTarget) -> None:
        self._slide = slide
        self._tiles = tiles
        self._target = target
        self._icc_profile = slide.source.describe().icc_profile
        source = slide.source
        self._has_scale = not isinstance(source, TiffReadySource) or source.knows_spacing
        if slide.config.source_pixel_spacing_mm is not None:
            self._has_scale = True

    def directory(self, plan: InstancePlan, plane: int, reduced: tuple[Directory, ...] = ()) -> Directory:
        rows, count = self._tiles[plan.name], plan.grid.frames
        is_level = plan.kind is ImageKind.VOLUME
        first = plane * count
        return Directory(
            fields=tuple(self._fields(plan, plane)),
            lengths=rows.lengths[first : first + count],
            first=rows.first + first,
            tiled=is_level,
            reduced=reduced,
        )

    def _fields(self, plan: InstancePlan, plane: int) -> Iterator[Field]:
        grid, form = plan.grid, tile_fitter(self._slide, plan).form
        yield numbers(Tag.NEW_SUBFILE_TYPE, Type.LONG, self._subfile_type(plan))
        yield numbers(Tag.IMAGE_WIDTH, Type.LONG, grid.columns)
        yield numbers(Tag.IMAGE_LENGTH, Type.LONG, grid.rows)
        yield numbers(Tag.BITS_PER_SAMPLE, Type.SHORT, *[plan.bits] * plan.samples)
        yield numbers(Tag.SAMPLES_PER_PIXEL, Type.SHORT, plan.samples)
        yield numbers(Tag.PLANAR_CONFIGURATION, Type.SHORT, _CHUNKY)
        yield numbers(Tag.SAMPLE_FORMAT, Type.SHORT, *[1] * plan.samples)
        yield from _coding(form)
        if plan.kind is ImageKind.VOLUME:
            yield numbers(Tag.TILE_WIDTH, Type.LONG, grid.tile_columns)
            yield numbers(Tag.TILE_LENGTH, Type.LONG, grid.tile_rows)
        else:
            yield numbers(Tag.ROWS_PER_STRIP, Type.LONG, grid.rows)
        if plan.pixel_spacing_mm is not None and self._has_scale:
            yield from _scale(*plan.pixel_spacing_mm)
        yield text(Tag.SOFTWARE, f"slidebeam {pipeline.__version__}")
        description = self._description(plan, plane)
        if description:
            yield text(Tag.IMAGE_DESCRIPTION, description)
        if self._icc_profile and plan.samples == 3 and plan.kind is ImageKind.VOLUME:
            yield opaque(Tag.ICC_PROFILE, self._icc_profile)

    def _subfile_type(self, plan: InstancePlan) -> int:
        if plan.kind is ImageKind.VOLUME:
            # Aperio's levels are not marked: tifffile takes those that are for labels.
            return REDUCED if plan.level and self._target.format is not TiffFormat.SVS else 0
        if self._target.format is TiffFormat.SVS:
            return {ImageKind.OVERVIEW: APERIO_MACRO, ImageKind.THUMBNAIL: 0}.get(plan.kind, REDUCED)
        return 0 if self._target.format is TiffFormat.OME_TIFF else REDUCED

    def _description(self, plan: InstancePlan, plane: int) -> str:
        name = _NAMES.get(plan.kind, "")
        if self._target.format is TiffFormat.SVS:
            return aperio_description(self._slide, plan, name, has_scale=self._has_scale)
        if self._target.format is TiffFormat.TIFF:
            return f"{name} {plan.grid.columns}x{plan.grid.rows}" if name else ""
        if plane or plan.level or name:
            return ""
        order = file_order(self._slide.plan.instances, self._target)
        return ome_xml(
            self._slide,
            [one for one in order if one.kind is not ImageKind.VOLUME or one is plan],
            has_scale=self._has_scale,
        )


def _coding(form: TileForm) -> Iterator[Field]:
    yield numbers(Tag.COMPRESSION, Type.SHORT, form.compression)
    yield numbers(Tag.PHOTOMETRIC, Type.SHORT, form.photometric)
    if form.jpeg_tables:
        yield opaque(Tag.JPEG_TABLES, form.jpeg_tables)
    if form.compression is Compression.JPEG and form.photometric is Photometric.YCBCR:
        yield numbers(Tag.YCBCR_SUBSAMPLING, Type.SHORT, *form.sampling)
        yield numbers(Tag.YCBCR_POSITIONING, Type.SHORT, _CENTRED)
    if form.predictor != 1:
        yield numbers(Tag.PREDICTOR, Type.SHORT, form.predictor)


def _scale(between_rows_mm: float, between_columns_mm: float) -> Iterator[Field]:
    try:
        yield ratio(Tag.X_RESOLUTION, _MILLIMETRES_IN_CENTIMETRE / between_columns_mm)
        yield ratio(Tag.Y_RESOLUTION, _MILLIMETRES_IN_CENTIMETRE / between_rows_mm)
    except ValueError as error:
        raise SourceError(
            f"pixels that are {between_rows_mm:g} by {between_columns_mm:g} mm have no resolution in TIFF ({error}); "
            "--source-pixel-spacing-mm ROW,COL puts it right"
        ) from error
    yield numbers(Tag.RESOLUTION_UNIT, Type.SHORT, CENTIMETRE)
