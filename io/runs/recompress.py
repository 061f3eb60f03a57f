"""JPEG that passes becomes JPEG XL: the coefficients in another coding, from which it comes back byte for byte.

A JPEG that libjxl refuses, or gives back otherwise, cannot stand in the instance, which has one transfer syntax (PS3.3
C.7.6.3). Its pixels are encoded as baseline JPEG anew, which can be recompressed, and the frame is counted with its
reason as any tile that does not pass. To fail the slide instead would lose all of it for one odd tile.
"""

from pipeline.io.codecs import decode_frame
from pipeline.io.jpegxl.recompression import recompress
from pipeline.io.runs.read import blank_outside
from pipeline.model.errors import CodecError, TileError
from pipeline.model.reasons import Reason, Route
from pipeline.model.tiles import Frame, FrameRun
from pipeline.model.transfer_syntaxes import TransferSyntax


def recompress_run(run: FrameRun) -> None:
    """Recompress the JPEG that waits in a run; what cannot be waits as pixels. Raises TileError."""
    for place, jpeg in run.jpegs.items():
        whole = jpeg.head + bytes(jpeg.body)
        try:
            stored = recompress(whole)
        except CodecError:
            run.routes[place] = Route.ENCODE
            run.rejected[place] = Reason.JPEG_NOT_RECOMPRESSED
            _decode(run, place, whole)
        else:
            run.frames[place] = Frame(b"", stored)
            run.timings.jpeg_bytes += len(whole)
            run.timings.recompressed_bytes += len(stored)


def _decode(run: FrameRun, place: int, jpeg: bytes) -> None:
    plan, key = run.plan, run.key
    try:
        pixels = decode_frame(
            jpeg,
            transfer_syntax=TransferSyntax.JPEG_BASELINE,
            photometric=plan.photometric,
            rows=plan.grid.tile_rows,
            columns=plan.grid.tile_columns,
            samples=plan.samples,
            bits=plan.bits,
        )
    except CodecError as error:
        frame = key.first_frame + place
        raise TileError(
            f"{key.uri}: level {key.level}, tile {frame} cannot be recompressed, nor decoded: {error}",
            uri=key.uri,
            level=key.level,
            frame=frame,
        ) from error
    run.pending[place] = blank_outside(plan, key.first_tile + place, pixels)
