"""WriteInstance: staged runs become one DICOM object, or the parts of a concatenation.

An instance is written only out of exactly the planned frames, in order and without a gap. Header and offset tables
are computed from the runs' lengths; frames are joined by the store, in place where they stand in the finished file
already.
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.concatenation import Part, part_file, part_uid, parts_of
from pipeline.io.dicom.frame_places import FramePlaces, per_frame_groups
from pipeline.io.dicom.header import instance_header, instance_trailer
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES
from pipeline.io.planning.frames import frame_places
from pipeline.io.publishing.certificate import certify
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.storage.contract import ByteRange, OutputStore
from pipeline.model.config import Certificate
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.plan import InstancePlan
from pipeline.model.records import PlannedInstance, StagedRun, WrittenFile, WrittenInstance

_TABLE_ENTRY = 16
"""Bytes that a frame takes in offset tables at most: two of 8 in the extended one."""
_SLACK = 64
"""Bytes by which headers of the parts may differ, but for what each frame takes: digits of UIDs and of numbers, and
the element headers of an extended table."""


def write_instance(
    planned: PlannedInstance, runs: Sequence[StagedRun], slide: OpenedSlide, store: OutputStore, job: str
) -> WrittenInstance:
    """Join the runs into the instance, read frames of it back and return where it stands.

    Raises StorageError when frames are missing or doubled, or when what is read back is not what was staged.
    """
    runs = sorted(runs, key=lambda run: run.first_frame)
    _check_complete(planned, runs)
    instance = slide.instances[planned.instance]
    staged = _Staged(
        items=np.concatenate([np.frombuffer(run.item_lengths, "<u4") for run in runs]),
        lengths=np.concatenate([np.frombuffer(run.frame_lengths, "<u4") for run in runs]),
        runs=runs,
        places=frame_places(slide.source, instance),
    )
    parts = _parts(slide, instance, staged)
    # The last part first: the store may make the file of runs that stand in place the first part's own.
    files = tuple(_write_part(planned.slide_id, slide, instance, staged, part, store) for part in reversed(parts))[::-1]
    digests = store.staged_digests(planned.slide_id, job, planned.instance)
    if digests is None:
        raise StorageError(f"{planned.uri}: the digests of {planned.instance} are gone", uri=planned.uri)
    rows = read_digest_rows(digests)
    return WrittenInstance(
        slide_id=planned.slide_id,
        instance=planned.instance,
        files=files,
        certified_frames=sum(
            _certified(store, file.uri, rows[part.places], slide.config.certificate)
            for file, part in zip(files, parts, strict=True)
        ),
        runs=tuple((run.first_frame, run.frames, run.counters) for run in runs),
    )


def _certified(store: OutputStore, uri: str, rows: NDArray[np.void], extent: Certificate) -> int:
    file = store.open(uri)
    try:
        return certify(file, rows, extent)
    finally:
        file.close()


class _Staged(NamedTuple):
    """What the runs of an instance left: lengths of items and frames, bytes in parts, and the frames' places."""

    items: NDArray[np.uint32]
    lengths: NDArray[np.uint32]
    runs: Sequence[StagedRun]
    places: FramePlaces | None


def _parts(slide: OpenedSlide, instance: InstancePlan, staged: _Staged) -> list[Part]:
    most_bytes = slide.config.max_instance_bytes
    whole = Part(1, 1, 0, len(staged.items))
    if most_bytes is None:
        return [whole]
    if _whole_bytes(slide, instance, staged) <= most_bytes:
        return [whole]
    # What a frame adds to the header: entries of the offset tables, at most both of 8 bytes, and its place.
    first = slice(0, 1)
    place = len(per_frame_groups(slide.plan, instance, staged.places.part(first))) if staged.places is not None else 0
    header = _header(slide, instance, staged, Part(1, 2, 0, 1))
    trailer = len(instance_trailer(instance, 1))
    return parts_of(
        instance,
        staged.items,
        header_bytes=len(header) + trailer + _SLACK,
        frame_header_bytes=_TABLE_ENTRY + place,
        most_bytes=most_bytes,
    )


def _whole_bytes(slide: OpenedSlide, instance: InstancePlan, staged: _Staged) -> int:
    """Return the size of one file of all frames, beyond any that is asked for where one file cannot hold them."""
    try:
        header = _header(slide, instance, staged, Part(1, 1, 0, len(staged.items)))
    except ConfigError:
        return sys.maxsize
    item_header = ITEM_HEADER_BYTES if instance.transfer_syntax.is_encapsulated else 0
    pixel_bytes = int(staged.items.sum(dtype="u8")) + item_header * len(staged.items)
    return len(header) + pixel_bytes + len(instance_trailer(instance, pixel_bytes))


def _header(slide: OpenedSlide, instance: InstancePlan, staged: _Staged, part: Part) -> bytes:
    return instance_header(
        slide.plan,
        instance,
        item_lengths=staged.items[part.places],
        frame_lengths=staged.lengths[part.places],
        part=part,
        places=staged.places,
        stored_bytes=int(staged.lengths.sum(dtype="u8")),
    )


def _write_part(
    slide_id: str, slide: OpenedSlide, instance: InstancePlan, staged: _Staged, part: Part, store: OutputStore
) -> WrittenFile:
    header = _header(slide, instance, staged, part)
    ranges = _ranges(instance, staged.runs, part)
    pixel_bytes = sum(piece.bytes for piece in ranges)
    trailer = instance_trailer(instance, pixel_bytes)
    name = part_file(instance, part)
    return WrittenFile(
        name=name,
        uri=store.assemble(slide_id, name, header, ranges, trailer),
        bytes=len(header) + pixel_bytes + len(trailer),
        frames=part.frames,
        sop_instance_uid=part_uid(instance, part),
    )


def _ranges(instance: InstancePlan, runs: Sequence[StagedRun], part: Part) -> list[ByteRange]:
    """Return the byte ranges of a part's frames; a run may lie in two parts."""
    item_header = ITEM_HEADER_BYTES if instance.transfer_syntax.is_encapsulated else 0
    end = part.first_frame + part.frames
    ranges = []
    for run in runs:
        first, last = max(part.first_frame, run.first_frame), min(end, run.first_frame + run.frames)
        if first >= last:
            continue
        if last - first == run.frames:
            ranges.append(ByteRange(run.part_uri, run.part_offset, run.part_bytes))
            continue
        items = np.frombuffer(run.item_lengths, "<u4").astype(np.int64) + item_header
        before, inside = items[: first - run.first_frame], items[first - run.first_frame : last - run.first_frame]
        ranges.append(ByteRange(run.part_uri, run.part_offset + int(before.sum()), int(inside.sum())))
    return ranges


def _check_complete(planned: PlannedInstance, runs: Sequence[StagedRun]) -> None:
    expected = 0
    for run in runs:
        if run.first_frame != expected:
            raise StorageError(
                f"{planned.uri}: {planned.instance} has no frame {expected}, the next staged is {run.first_frame}",
                uri=planned.uri,
            )
        expected += run.frames
    if expected != planned.frames:
        raise StorageError(
            f"{planned.uri}: {planned.instance} has {expected} of {planned.frames} frames", uri=planned.uri
        )
