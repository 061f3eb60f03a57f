"""ValidateFrames: with round-trip validation every frame is decoded again.

Frames that were encoded are compared with the pixels that went in: exactly where the codec is reversible, by PSNR where
it is not. Frames that pass must decode to the size that the header will state.
"""

from time import perf_counter_ns

from pipeline.io.codecs import decode_frame
from pipeline.io.codecs.validation import compare_round_trip
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.config import CodecValidation
from pipeline.model.errors import CodecError
from pipeline.model.plan import InstancePlan
from pipeline.model.tiles import Frame, FrameRun

_IDENTICAL_DB = 99.0
"""Reported for lossy frames that happen to equal their input: infinity is no JSON."""


def validate_run(run: FrameRun, slide: OpenedSlide) -> FrameRun:
    """Decode and compare when the configuration asks for it. Raises TileError."""
    if slide.config.codec_validation is CodecValidation.DISABLED:
        return run
    started = perf_counter_ns()
    for place, frame in enumerate(run.frames):
        if frame is not None:
            _validate(run, place, frame, slide)
    run.timings.validated_frames = len(run.frames)
    run.timings.validation_micros = (perf_counter_ns() - started) // 1000
    return run


def _validate(run: FrameRun, place: int, frame: Frame, slide: OpenedSlide) -> None:
    stored = frame.head + bytes(frame.body)
    pixels = run.pending.get(place)
    try:
        if pixels is None:
            _decode(stored, run.plan)
            return
        psnr = compare_round_trip(stored, pixels, slide.encoder(run.plan), run.plan.bits_stored)
    except CodecError as error:
        raise run.frame_error(place, f"fails its validation: {error}") from error
    if psnr is not None:
        least = _IDENTICAL_DB if run.timings.psnr_db is None else run.timings.psnr_db
        run.timings.psnr_db = min(least, psnr)


def _decode(stored: bytes, plan: InstancePlan) -> None:
    decode_frame(
        stored,
        transfer_syntax=plan.transfer_syntax,
        photometric=plan.photometric,
        rows=plan.grid.tile_rows,
        columns=plan.grid.tile_columns,
        samples=plan.samples,
        bits=plan.bits,
        bits_stored=plan.bits_stored,
    )
