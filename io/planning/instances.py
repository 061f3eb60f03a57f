"""Plan the instances of a slide: one a level, one each for label, overview and thumbnail.

A level holds all of its optical paths and focal planes in one instance, as the number of frames allows it
(PS3.3 C.7.6.17.3); on demand each optical path has an instance of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.io.planning.encoders import instance_encoder
from pipeline.io.planning.levels import WantedImage, frame_size
from pipeline.io.planning.probe import Probe
from pipeline.io.planning.recompressed import refuse_recompression
from pipeline.io.planning.routes import BITS_STORED, is_one_frame, route_image, slide_syntax
from pipeline.io.sources.contract import SlideSource
from pipeline.model.config import ConversionConfig, MissingTiles, OpticalPaths
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid, are_even, level_spacing
from pipeline.model.plan import InstancePlan, TileOrganization
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import (
    Compression,
    Illumination,
    ImageKind,
    LossyHistory,
    LossyStage,
    ScannerFacts,
    SlideDescription,
    SourceImage,
)
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.model.uids import derived_uid

_LARGEST_NATIVE = 2**32 - 2
_LARGEST_EDGE = 2**16 - 1
_MOST_PASSING_FRAMES = 256
"""Frames of a passing run at most: beyond that a write call has more buffers than the kernel takes at once."""


def plan_instances(
    source: SlideSource,
    wanted: Sequence[WantedImage],
    probes: Mapping[int, Probe],
    syntax: TransferSyntax,
    facts: ScannerFacts,
    config: ConversionConfig,
    uid_parts: Sequence[str],
) -> list[list[InstancePlan]]:
    """Plan the instances of every image, one or one for each optical path. Raises SourceError, ConfigError."""
    base = source.describe().levels[0]
    planned: list[list[InstancePlan]] = [[] for _ in wanted]
    for place, paths in _image_paths(wanted, config):
        image, pixels = wanted[place].image, wanted[place].source
        averaged = wanted[place].is_averaged
        probe = Probe(Reason.LEVEL_AVERAGED)
        if not averaged:
            probe = refuse_recompression(source, image, probes[image.index], syntax)
        # An associated image that is one frame need not be encoded because the levels are.
        own = syntax if image.kind is ImageKind.VOLUME else slide_syntax(config, image, probe)
        is_apart = is_one_frame(image) or config.profile.tiff is not None
        decided = route_image(config, image, probe, own if is_apart else syntax)
        grid = _frame_grid(config, image)
        name = f"level-{image.level}" if image.level is not None else image.kind.lower()
        if len(paths) < image.optical_paths:
            name += f"-path-{paths[0]}"
        plan = InstancePlan(
            name=name,
            number=1 + sum(map(len, planned)),
            image=image.index,
            kind=image.kind,
            level=image.level,
            averaged=averaged,
            source_level=pixels.level,
            grid=grid,
            optical_paths=paths,
            focal_planes=image.focal_planes,
            offset_table=config.offset_table,
            native_grid=not averaged and image.tiled and grid == image.grid,
            transfer_syntax=decided.transfer_syntax,
            photometric=decided.photometric,
            samples=image.samples,
            bits=image.bits,
            bits_stored=image.bits_stored if image.bits_stored in BITS_STORED else image.bits,
            added=image.added,
            route=decided.route,
            reason=decided.reason,
            reversible=decided.reversible,
            lossy=_history(source, pixels, probes[image.index]),
            sop_instance_uid=derived_uid(("instance", *uid_parts, name)),
            pixel_spacing_mm=_spacing(facts, base, wanted[place]),
            background=_background(source.describe(), facts, image, config),
            run_frames=_run_frames(source, image, grid, decided.route, config),
        )
        plan = _organized(plan, source, config)
        _check_limits(plan, config)
        instance_encoder(plan, config)  # options that no frame can have are told here, once, and not a run
        planned[place].append(plan)
    return planned


def _organized(plan: InstancePlan, source: SlideSource, config: ConversionConfig) -> InstancePlan:
    """Let the header list the frames' places where their numbers do not tell: gaps, and uneven focal planes."""
    stored = None
    if config.missing_tiles is MissingTiles.SPARSE and plan.native_grid:
        stored = _stored_frames(plan, source)
    uneven = plan.focal_planes > 1 and not are_even(source.describe().focal_plane_offsets_um)
    if stored is None and not uneven:
        return plan
    return replace(plan, organization=TileOrganization.SPARSE, stored_frames=stored)


def _stored_frames(plan: InstancePlan, source: SlideSource) -> int | None:
    """Return how many tiles the slide holds; None where that is all of them, none, or not known."""
    planes = [source.stored_tiles(plan.image, plane) for plane in plan.source_planes]
    known = [stored for stored in planes if stored is not None]
    count = sum(int(stored.sum()) for stored in known)
    return count if len(known) == len(planes) and 0 < count < plan.frames else None


def _image_paths(wanted: Sequence[WantedImage], config: ConversionConfig) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield places of wanted images with the optical paths that an instance of each holds."""
    for place, member in enumerate(wanted):
        paths = tuple(range(member.image.optical_paths))
        if config.optical_paths is OpticalPaths.SEPARATE and len(paths) > 1:
            yield from ((place, (path,)) for path in paths)
        else:
            yield place, paths


def _frame_grid(config: ConversionConfig, image: SourceImage) -> TileGrid:
    """Return the grid of frames: native tiles unless another size was asked for; associated images are one frame."""
    columns, rows = image.grid.columns, image.grid.rows
    if image.kind is not ImageKind.VOLUME:
        return TileGrid(columns, rows, columns, rows)
    return TileGrid(columns, rows, *frame_size(image, config))


def _history(source: SlideSource, image: SourceImage, probe: Probe) -> LossyHistory:
    """Add a JPEG 2000 codestream that is not reversible to the history that the headers tell."""
    if image.compression is not Compression.JPEG_2000 or probe.reversible or image.lossy.is_lossy:
        return image.lossy
    lengths = [source.tile_lengths(image.index, plane) for plane in range(image.planes)]
    stored = sum(int(plane.sum()) for plane in lengths if plane is not None)
    if probe.reversible is None or not stored:
        return LossyHistory(unknown=True)
    pixels = image.grid.columns * image.grid.rows * image.planes * image.samples * (image.bits // 8)
    method = (probe.transfer_syntax and probe.transfer_syntax.lossy_method) or "ISO_15444_1"
    return LossyHistory((LossyStage(method, pixels / stored),))


def _spacing(facts: ScannerFacts, base: SourceImage, wanted: WantedImage) -> tuple[float, float] | None:
    """Return the scale of a level or thumbnail; label and overview are other pictures, of a scale that is not told."""
    image = wanted.source if wanted.is_averaged_at_once else wanted.image
    if image.kind in (ImageKind.LABEL, ImageKind.OVERVIEW) or facts.pixel_spacing_mm is None:
        return None
    sizes = [(level.grid.columns, level.grid.rows) for level in (base, image)]
    between_rows, between_columns = level_spacing(sizes[0], facts.pixel_spacing_mm, sizes[1])
    across, down = wanted.level.factor if wanted.level and wanted.is_averaged_at_once else (1.0, 1.0)
    return between_rows * down, between_columns * across


def _background(
    description: SlideDescription, facts: ScannerFacts, image: SourceImage, config: ConversionConfig
) -> tuple[int, ...]:
    """Return the option's colour, the scanner's of what was not scanned, or white; black where light is emitted."""
    if config.background is not None and image.kind is ImageKind.VOLUME:
        return config.background.samples(image.samples, image.bits_stored)
    base = description.levels[0]
    if facts.background is not None and (base.samples, base.bits) == (image.samples, image.bits):
        return facts.background
    dark = (Illumination.FLUORESCENCE, Illumination.DARKFIELD)
    if image.kind is ImageKind.VOLUME and description.optical_paths[0].illumination in dark:
        return (0,) * image.samples
    return (2**image.bits_stored - 1,) * image.samples


def _run_frames(source: SlideSource, image: SourceImage, grid: TileGrid, route: Route, config: ConversionConfig) -> int:
    """Return frames for about `run_bytes` where tiles pass, for four times as many of pixels where they are decoded."""
    if route.keeps_lengths:
        lengths = source.tile_lengths(image.index)
        mean = max(1.0, float(np.mean(lengths))) if lengths is not None else 1.0
        return max(1, min(_MOST_PASSING_FRAMES, int(config.run_bytes / mean)))
    pixels = grid.tile_columns * grid.tile_rows * image.samples * (image.bits // 8)
    return max(1, min(config.run_frames, 4 * config.run_bytes // pixels))


def _check_limits(plan: InstancePlan, config: ConversionConfig) -> None:
    if max(plan.grid.tile_columns, plan.grid.tile_rows) > _LARGEST_EDGE:
        raise SourceError(
            f"the {plan.name} is {plan.grid.columns} x {plan.grid.rows} pixels: Rows and Columns of a frame are 16 bit "
            "(PS3.3 C.7.6.3)",
            level=plan.level,
        )
    is_one_file = config.max_instance_bytes is None and config.profile.tiff is None
    if is_one_file and not plan.transfer_syntax.is_encapsulated and plan.frame_bytes * plan.frames > _LARGEST_NATIVE:
        raise SourceError(
            f"{plan.name} has {plan.frame_bytes * plan.frames} bytes of native pixel data, more than the 2^32-2 "
            "that an instance can hold (PS3.5 7.1); choose an encapsulated --transfer-syntax, or --max-instance-mb",
            level=plan.level,
        )
