"""Staged tiles become one TIFF beside its place: the head is computed from their lengths, the store joins the parts."""

from collections.abc import Sequence

import numpy as np

from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.storage.contract import ByteRange, OutputStore
from pipeline.io.tiff.directory import file_head
from pipeline.io.tiff.layout import TileRows, directories, file_order
from pipeline.model.errors import StorageError
from pipeline.model.plan import InstancePlan
from pipeline.model.records import StagedRun
from pipeline.model.tiff_export import BigTiff, TiffExportConfig
from pipeline.model.tiff_target import TiffTarget

FILE_NAME = "slide.tiff"
"""Of the file while it is staged."""


def write_tiff(
    slide: OpenedSlide, runs: Sequence[StagedRun], config: TiffExportConfig, store: OutputStore
) -> tuple[str, int]:
    """Join the runs of a slide and return URI and bytes of the staged TIFF.

    Raises StorageError when tiles are missing or doubled, or a tile is beyond what TIFF can count.
    """
    target = slide.config.profile.tiff or TiffTarget()
    tiles: dict[str, TileRows] = {}
    ranges: list[ByteRange] = []
    first = 0
    for plan in file_order(slide.plan.instances, target):
        own = sorted((run for run in runs if run.instance == plan.name), key=lambda run: run.first_frame)
        _check_complete(plan, own, slide.plan.uri)
        lengths = np.concatenate([np.frombuffer(run.item_lengths, "<u4") for run in own]).astype(np.uint64)
        tiles[plan.name] = TileRows(first, lengths)
        ranges += [ByteRange(run.part_uri, run.part_offset, run.part_bytes) for run in own]
        first += len(lengths)
    head = file_head(
        directories(slide, tiles, target),
        np.concatenate([rows.lengths for rows in tiles.values()]),
        always_big=config.big_tiff is BigTiff.ALWAYS,
    )
    uri = store.assemble(slide.plan.slide_id, FILE_NAME, head, ranges, b"")
    return uri, len(head) + sum(part.bytes for part in ranges)


def _check_complete(plan: InstancePlan, runs: Sequence[StagedRun], uri: str) -> None:
    expected = 0
    for run in runs:
        if run.first_frame != expected:
            raise StorageError(f"{uri}: {plan.name} has no tile {expected}, the next staged is {run.first_frame}")
        expected += run.frames
    if expected != plan.frames:
        raise StorageError(f"{uri}: {plan.name} has {expected} of {plan.frames} tiles", uri=uri)
