"""EncodeTiles: pixels and JPEG that wait become frames in the instance's transfer syntax."""

from time import perf_counter_ns

import xxhash

from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.runs.recompress import recompress_run
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Frame, FrameRun


def encode_run(run: FrameRun, slide: OpenedSlide) -> FrameRun:
    """Encode what is pending; the pixels stay for the validation. Raises TileError."""
    if not (run.pending or run.jpegs):
        return run
    encoder = slide.encoder(run.plan)
    started = perf_counter_ns()
    recompress_run(run)
    for place, pixels in run.pending.items():
        try:
            data = encoder.encode(pixels)
        except CodecError as error:
            raise run.frame_error(place, f"cannot be encoded: {error}") from error
        run.frames[place] = Frame(b"", data)
        run.digests[place] = xxhash.xxh3_64_intdigest(data)
    run.timings.encode_micros += (perf_counter_ns() - started) // 1000
    return run
