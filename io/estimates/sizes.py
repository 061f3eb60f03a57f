"""How many bytes an instance will have.

Frames that pass are as long as their tiles but for their heads: the same prediction by which the conversion places
them, exact unless a tile turns out to be another than its neighbours. What is encoded follows from the detail of the
pixels (`pipeline.io.estimates.detail`).
"""

import math
from collections.abc import Mapping

import numpy as np

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, LARGEST_BASIC_OFFSET
from pipeline.io.estimates.detail import Detail
from pipeline.io.planning.offsets import frame_lengths
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.config import ConversionConfig
from pipeline.model.forecast import Span
from pipeline.model.offset_table import OffsetTable
from pipeline.model.plan import InstancePlan, TileOrganization
from pipeline.model.rates import Rates
from pipeline.model.reasons import Route
from pipeline.model.transfer_syntaxes import TransferSyntax

_HEADER_BYTES = 2450
"""Of a data set without its ICC profile, offset table and frames, as a rule."""
_PLACE_BYTES = 150
"""Of one item of the Per-frame Functional Groups Sequence."""
_FRAME_BYTES = Span(80, 200, 400)
"""Of the headers in an encoded frame itself."""
_BASIC_ENTRY, _EXTENDED_ENTRY = 4, 16
_RATIO_SPREAD = 1.1
_RECOMPRESSED_SPREAD = 2.0
_QUALITY_SPREAD = 1.5
"""Factor by which the bounds are wider where a quality in dB is asked for: what it takes depends on noise."""
_LARGER_THAN_PIXELS = 1.01
"""Run lengths of noise, and bytes that an encoder adds to what it cannot compress."""


def frame_bytes(slide: OpenedSlide, instance: InstancePlan, detail: Detail, rates: Rates) -> Span:
    """Return the bytes of an instance's frames as their items hold them: padded to an even length (PS3.5 A.4)."""
    pixels = instance.frame_bytes * instance.frames
    if instance.route.keeps_tiles:
        passing = _passing_bytes(slide, instance)
        if instance.route is Route.RECOMPRESSED:
            likely = (passing.likely if passing else (detail.stored_bytes or 0)) * rates.recompressed_size
            return Span.around(likely, _RECOMPRESSED_SPREAD)
        if passing is not None:
            return passing
        return Span.around((detail.stored_bytes or 0), rates.spread_stored)
    if not instance.transfer_syntax.is_encapsulated:
        return Span.of(pixels)
    most = pixels * _LARGER_THAN_PIXELS + _FRAME_BYTES.high * instance.frames
    return _encoded_bytes(instance, detail, slide.config, rates).at_most(most)


def file_bytes(slide: OpenedSlide, instance: InstancePlan, frames: Span) -> Span:
    """Return the bytes of an instance's file, or of all files of its concatenation."""
    if not instance.transfer_syntax.is_encapsulated:
        around = 0
    else:
        extended = instance.offset_table is OffsetTable.EXTENDED or (
            instance.offset_table is OffsetTable.AUTO and frames.likely > LARGEST_BASIC_OFFSET
        )
        entry = _EXTENDED_ENTRY if extended else _BASIC_ENTRY
        entry = 0 if instance.offset_table is OffsetTable.EMPTY else entry
        around = instance.frames * (ITEM_HEADER_BYTES + entry)
    if instance.organization is TileOrganization.SPARSE:
        around += instance.frames * _PLACE_BYTES
    header = _HEADER_BYTES + (len(slide.plan.icc_profile) if instance.samples == 3 else 0)
    most = slide.config.max_instance_bytes
    files = 1 if most is None else math.ceil((frames.likely + around + header) / most)
    return frames.plus(Span.of(around + files * header))


def _passing_bytes(slide: OpenedSlide, instance: InstancePlan) -> Span | None:
    """Return the sum of the lengths by which the conversion places the frames; None where it does not."""
    lengths = [slide.source.tile_lengths(instance.image, plane) for plane in instance.source_planes]
    holes = instance.stored_frames is None and any(plane is None or not plane.all() for plane in lengths)
    background = len(slide.background_frame(instance)) if holes else 0
    planes = [frame_lengths(slide.source, instance, plane, background) for plane in instance.source_planes]
    known = [plane for plane in planes if plane is not None]
    if len(known) < len(planes):
        return None
    lengths_of_frames = np.concatenate(known)
    total = int((lengths_of_frames + (lengths_of_frames & 1)).sum())
    if holes and instance.source_level:
        # A hole below the base level shows what the base has there, which is encoded and not predicted.
        missing = sum(int((plane == 0).sum()) for plane in lengths if plane is not None)
        return Span(total, total, total + missing * instance.frame_bytes)
    return Span.of(total)


def _encoded_bytes(instance: InstancePlan, detail: Detail, config: ConversionConfig, rates: Rates) -> Span:
    grid, planes = instance.grid, len(instance.source_planes)
    pixels = grid.columns * grid.rows * planes * instance.samples * (instance.bits // 8)
    around = Span(*(bytes * instance.frames for bytes in _FRAME_BYTES))
    held = detail.held if instance.native_grid else 1.0
    syntax = instance.transfer_syntax
    if syntax.is_jpeg_2000_family and not instance.reversible and config.compression_ratio is not None:
        # Each frame has the ratio, whatever part of it lies in the image; where that is little, it may have more.
        inside, whole = pixels * held, instance.frame_bytes * instance.frames * held
        return Span(inside / _RATIO_SPREAD, inside, whole).over(config.compression_ratio).plus(around)
    spread = detail.spread
    likely = pixels * held * detail.value * rates.encoded_size[_size_name(instance)]
    if syntax in (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION):
        likely *= _between(rates.jpeg_quality_size, config.jpeg_quality)
        likely *= rates.recompressed_size if syntax is TransferSyntax.JPEG_XL_RECOMPRESSION else 1.0
    elif syntax.is_jpeg_2000_family and not instance.reversible and config.j2k_quality is not None:
        likely *= _between(rates.j2k_quality_size, config.j2k_quality)
        spread *= _QUALITY_SPREAD
    return Span.around(likely, spread).plus(around)


def _size_name(instance: InstancePlan) -> str:
    """Return the name under which the rates know what is made; of a recompressed JPEG that is encoded first, JPEG."""
    if instance.transfer_syntax is TransferSyntax.JPEG_XL_RECOMPRESSION:
        return TransferSyntax.JPEG_BASELINE.option
    return instance.transfer_syntax.option


def _between(points: Mapping[float, float], at: float) -> float:
    """Return the value at a place between points that are known; that of the nearest beyond them."""
    known = sorted(points.items())
    return float(np.interp(at, [place for place, _ in known], [value for _, value in known]))
