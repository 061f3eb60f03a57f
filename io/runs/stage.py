"""StageFrames: a run's frames are written beside the destination; what leaves is an index row."""

import os
import socket
from collections import Counter
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.io.runs.digests import digest_rows
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.storage.contract import OutputStore
from pipeline.io.tiff.fitting import fit_run
from pipeline.model.errors import TileError
from pipeline.model.records import RunCounters, StagedRun
from pipeline.model.tiles import Buffer, Frame, FrameRun

_PAD = b"\0"
_HOST = socket.gethostname()


def stage_run(run: FrameRun, slide: OpenedSlide, store: OutputStore) -> StagedRun:
    """Write the run and its digests. Raises StorageError, and TileError for a frame that no stage has made.

    What becomes TIFF is staged as its tiles, one behind the other, and without digests.
    """
    is_tiff = slide.config.profile.tiff is not None
    frames = _complete(fit_run(run, slide) if is_tiff else run)
    started = perf_counter_ns()
    lengths = np.array([len(frame.head) + len(frame.body) for frame in frames], np.uint32)
    encapsulated = run.plan.transfer_syntax.is_encapsulated and not is_tiff
    items = lengths + (lengths & 1) if encapsulated else lengths
    buffers = _items(frames, items, items - lengths) if encapsulated else _native(frames)
    size = int(items.sum()) + (ITEM_HEADER_BYTES * len(frames) if encapsulated else 0)
    offset = run.key.offset if _is_as_predicted(run, size) else None
    key = run.key
    place = store.stage_run(key.slide_id, key.instance, key.first_frame, buffers, offset)
    if not is_tiff:
        rows = digest_rows(run.digests, lengths, run.routes, run.rejected)
        store.stage_digests(key.slide_id, key.instance, key.first_frame * rows.itemsize, rows.tobytes())
    timings = run.timings
    return StagedRun(
        slide_id=key.slide_id,
        instance=key.instance,
        first_frame=key.first_frame,
        part_uri=place.uri,
        part_offset=place.offset,
        part_bytes=place.bytes,
        item_lengths=items.astype("<u4").tobytes(),
        frame_lengths=lengths.astype("<u4").tobytes(),
        counters=RunCounters(
            routes=dict(Counter(run.routes)),
            reasons=dict(Counter(run.rejected.values())),
            bytes_in=timings.bytes_in,
            bytes_out=int(lengths.sum()),
            read_micros=timings.read_micros,
            decode_micros=timings.decode_micros,
            encode_micros=timings.encode_micros,
            validation_micros=timings.validation_micros,
            write_micros=(perf_counter_ns() - started) // 1000,
            validated_frames=timings.validated_frames,
            psnr_db=timings.psnr_db,
            jpeg_bytes=timings.jpeg_bytes,
            recompressed_bytes=timings.recompressed_bytes,
            worker=f"{_HOST}:{os.getpid()}" if slide.config.deidentify is None else "",
        ),
    )


def _complete(run: FrameRun) -> list[Frame]:
    frames = [frame for frame in run.frames if frame is not None]
    if len(frames) != run.key.frames:
        raise TileError(
            f"{run.key.uri}: {len(frames)} of {run.key.frames} frames of a run of {run.plan.name} were made",
            uri=run.key.uri,
            level=run.key.level,
            frame=run.key.first_frame,
        )
    return frames


def _is_as_predicted(run: FrameRun, size: int) -> bool:
    return run.key.offset is not None and size == run.key.predicted_bytes


def _items(frames: list[Frame], items: NDArray[np.uint32], pads: NDArray[np.uint32]) -> list[Buffer]:
    """Item header, head, entropy-coded bytes and pad byte of each frame, without copying any."""
    headers = np.empty((len(frames), 2), "<u4")
    headers[:, 0] = int.from_bytes(ITEM_TAG, "little")
    headers[:, 1] = items
    packed = headers.tobytes()
    buffers: list[Buffer] = []
    for at, frame, padded in zip(range(0, len(packed), 8), frames, pads.tolist(), strict=True):
        buffers += (packed[at : at + 8] + frame.head, frame.body)
        if padded:
            buffers.append(_PAD)
    return buffers


def _native(frames: list[Frame]) -> list[Buffer]:
    return [buffer for frame in frames for buffer in frame if len(buffer)]
