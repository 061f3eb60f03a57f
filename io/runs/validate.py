"""ValidateFrames: with round-trip validation every frame is decoded again.

Frames that were encoded are compared with the pixels that went in: exactly where the codec is reversible, by PSNR
where it is not. Frames that pass must decode to the size that the header will state.
"""

import math
from time import perf_counter_ns

import numpy as np

from pipeline.io.codecs import decode_frame
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.config import CodecValidation
from pipeline.model.errors import CodecError, TileError
from pipeline.model.tiles import Frame, FrameRun, Pixels

_IDENTICAL_DB = 99.0
"""Reported for lossy frames that happen to equal their input: infinity is no JSON."""


def validate_run(run: FrameRun, slide: OpenedSlide) -> FrameRun:
    """Decode and compare when the configuration asks for it. Raises TileError."""
    if slide.config.codec_validation is CodecValidation.DISABLED:
        return run
    started = perf_counter_ns()
    for place, frame in enumerate(run.frames):
        if frame is not None:
            _validate(run, place, frame)
    run.timings.validated_frames = len(run.frames)
    run.timings.validation_micros = (perf_counter_ns() - started) // 1000
    return run


def _validate(run: FrameRun, place: int, frame: Frame) -> None:
    plan = run.plan
    try:
        decoded = decode_frame(
            frame.head + bytes(frame.tile[frame.start : frame.end]),
            transfer_syntax=plan.transfer_syntax,
            photometric=plan.photometric,
            rows=plan.grid.tile_rows,
            columns=plan.grid.tile_columns,
            samples=plan.samples,
            bits=plan.bits,
        )
    except CodecError as error:
        raise _failed(run, place, f"does not decode: {error}") from error
    expected = run.pending.get(place)
    if expected is None:
        return
    if plan.reversible and not np.array_equal(decoded, expected):
        raise _failed(run, place, "is not what went into its lossless encoder")
    if not plan.reversible:
        least = run.timings.psnr_db
        psnr = peak_signal_to_noise(expected, decoded)
        run.timings.psnr_db = psnr if least is None else min(least, psnr)


def peak_signal_to_noise(expected: Pixels, decoded: Pixels) -> float:
    """PSNR in dB of two tiles of one shape and dtype; 99 where they are equal."""
    difference = expected.astype(np.float64) - decoded
    error = float(np.mean(difference * difference))
    peak = float(np.iinfo(expected.dtype).max)
    return _IDENTICAL_DB if error == 0 else min(_IDENTICAL_DB, 10 * math.log10(peak * peak / error))


def _failed(run: FrameRun, place: int, what: str) -> TileError:
    frame = run.key.first_frame + place
    return TileError(
        f"{run.key.uri}: frame {frame} of {run.plan.name} {what}", uri=run.key.uri, level=run.key.level, frame=frame
    )
