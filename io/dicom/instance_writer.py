"""WriteInstance: staged runs become one DICOM object.

An instance is written only out of exactly the planned frames, in order and without a gap. Header and offset tables
are computed from the runs' lengths; frames are joined by the store, in place where they stand in the finished file
already.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.io.dicom.header import instance_header, instance_trailer
from pipeline.io.publishing.certificate import certify
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.storage.contract import ByteRange, OutputStore
from pipeline.model.errors import StorageError
from pipeline.model.records import PlannedInstance, StagedRun, WrittenInstance


def write_instance(
    planned: PlannedInstance, runs: Sequence[StagedRun], slide: OpenedSlide, store: OutputStore, job: str
) -> WrittenInstance:
    """Join the runs into the instance, read frames of it back and return where it stands.

    Raises StorageError when frames are missing or doubled, or when what is read back is not what was staged.
    """
    runs = sorted(runs, key=lambda run: run.first_frame)
    _check_complete(planned, runs)
    instance = slide.instances[planned.instance]
    items = np.concatenate([np.frombuffer(run.item_lengths, "<u4") for run in runs])
    lengths = np.concatenate([np.frombuffer(run.frame_lengths, "<u4") for run in runs])
    header = instance_header(slide.plan, instance, item_lengths=items, frame_lengths=lengths)
    pixel_bytes = sum(run.part_bytes for run in runs)
    trailer = instance_trailer(instance, pixel_bytes)
    ranges = [ByteRange(run.part_uri, run.part_offset, run.part_bytes) for run in runs]
    uri = store.assemble(planned.slide_id, instance.file_name, header, ranges, trailer)
    digests = store.staged_digests(planned.slide_id, job, planned.instance)
    if digests is None:
        raise StorageError(f"{planned.uri}: the digests of {planned.instance} are gone", uri=planned.uri)
    return WrittenInstance(
        slide_id=planned.slide_id,
        instance=planned.instance,
        staged_uri=uri,
        bytes=len(header) + pixel_bytes + len(trailer),
        frames=planned.frames,
        certified_frames=certify(uri, read_digest_rows(digests), slide.config.certificate),
        runs=tuple((run.first_frame, run.frames, run.counters) for run in runs),
    )


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
