"""Frames of a run become tiles of a TIFF: JPEG abbreviated by what JPEGTables holds, native samples deflated.

The entropy-coded bytes of a tile that passes are not touched. A JPEG whose sampling factors are not those of its
directory is no tile of it: its pixels are encoded anew, counted as a tile that does not pass.
"""

import weakref
import zlib

import imagecodecs
import numpy as np

from pipeline.io.codecs import decode_frame
from pipeline.io.jpeg.colour import table_segments
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.tiff.form import SAMPLINGS, TileForm, stream_sampling, tile_form
from pipeline.io.tiff.tags import Compression, Photometric
from pipeline.model.errors import CodecError
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.tiles import Frame, FrameRun, Pixels

_LEVEL_OF_DEFLATE = 6
_REMEMBERED_HEADS = 64


class TileFitter:
    """Makes the frames of one image tiles of its directory. Many threads may call at once."""

    def __init__(self, slide: OpenedSlide, plan: InstancePlan) -> None:
        self.form: TileForm = tile_form(slide, plan)
        self._plan = plan
        self._quality = slide.config.jpeg_quality
        self._heads: dict[bytes, bytes | None] = {}
        """What becomes of a head: the abbreviated one, or None where the sampling is another."""

    def fit(self, frame: Frame) -> Frame | None:
        """Return the tile; None for a frame that has to be encoded anew. Raises CodecError."""
        if self.form.compression is Compression.DEFLATE:
            return Frame(b"", self._deflated(b"".join(frame)))
        if self.form.compression is not Compression.JPEG:
            return frame
        return self._abbreviated(frame)

    def encode(self, frame: Frame, pixels: Pixels | None) -> Frame:
        """Encode a frame of another sampling anew, from its pixels where there are any. Raises CodecError."""
        plan = self._plan
        if pixels is None:
            pixels = decode_frame(
                b"".join(frame),
                transfer_syntax=plan.transfer_syntax,
                photometric=plan.photometric,
                rows=plan.grid.tile_rows,
                columns=plan.grid.tile_columns,
                samples=plan.samples,
                bits=plan.bits,
            )
        if plan.samples == 1:
            return self._tile(imagecodecs.jpeg8_encode(pixels[..., 0], self._quality))
        stored_as = "ycbcr" if self.form.photometric is Photometric.YCBCR else "rgb"
        encoded = imagecodecs.jpeg8_encode(
            pixels,
            self._quality,
            colorspace="rgb",
            outcolorspace=stored_as,
            subsampling=SAMPLINGS[self.form.sampling],
        )
        return self._tile(encoded)

    def _tile(self, data: bytes | bytearray) -> Frame:
        tile = self._abbreviated(Frame(b"", data))
        if tile is None:
            raise CodecError(f"the JPEG encoder gives no {SAMPLINGS[self.form.sampling]}")
        return tile

    def _abbreviated(self, frame: Frame) -> Frame | None:
        head, body = frame
        if not head:
            length = parse_header(body).header_length
            head, body = bytes(body[:length]), memoryview(body)[length:]
        if head not in self._heads:
            if len(self._heads) >= _REMEMBERED_HEADS:
                self._heads = {}
            self._heads = {**self._heads, head: self._short(head)}
        short = self._heads.get(head)
        return None if short is None else Frame(short, body)

    def _short(self, head: bytes) -> bytes | None:
        header = parse_header(head)
        if stream_sampling(header) != self.form.sampling:
            return None
        tables = header.tables
        if not self.form.tables or table_segments(head, tables) != self.form.tables:
            return head
        kept = [head[:2]]
        shared = set(tables.segments)
        kept += [head[segment.start : segment.end] for segment in header.segments if segment not in shared]
        return b"".join(kept)

    def _deflated(self, data: bytes) -> bytes:
        plan = self._plan
        samples = np.frombuffer(data, "<u2" if plan.bits == 16 else "u1")
        shaped = samples.reshape(plan.grid.tile_rows, plan.grid.tile_columns, plan.samples)
        differences = shaped.copy()
        differences[:, 1:] -= shaped[:, :-1]
        return zlib.compress(differences.tobytes(), _LEVEL_OF_DEFLATE)


def tile_fitter(slide: OpenedSlide, plan: InstancePlan) -> TileFitter:
    """Return the fitter of an image; made once for an open slide."""
    fitters = _FITTERS.setdefault(slide, {})
    if plan.name not in fitters:
        fitters[plan.name] = TileFitter(slide, plan)
    return fitters[plan.name]


def fit_run(run: FrameRun, slide: OpenedSlide) -> FrameRun:
    """Make the frames of a run tiles. Raises TileError for one that cannot be encoded anew."""
    fitter = tile_fitter(slide, run.plan)
    for place, frame in enumerate(run.frames):
        if frame is None:
            continue
        pixels = run.pending.get(place)
        try:
            tile = fitter.fit(frame)
            if tile is None:
                tile = fitter.encode(frame, pixels)
                if run.routes[place].keeps_tiles:
                    run.routes[place] = Route.ENCODE
                    run.rejected[place] = Reason.DIFFERS_FROM_PLAN
        except (CodecError, ValueError, RuntimeError) as error:
            raise run.frame_error(place, f"cannot be a tile of a TIFF: {error}") from error
        run.frames[place] = tile
    return run


_FITTERS: "weakref.WeakKeyDictionary[OpenedSlide, dict[str, TileFitter]]" = weakref.WeakKeyDictionary()
"""Of the slides that this process holds open."""
