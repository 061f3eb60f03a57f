"""How the tiles of one image stand in the file: what its directory says of all of them.

A JPEG tile decodes in every reader if the directory's photometric interpretation and subsampling are the stream's own.
libtiff takes both from the directory and refuses a tile whose frame header has other sampling factors, so all tiles of
a directory have those of most of its tiles. DQT and DHT that most tiles have in common stand once, in JPEGTables
(TIFF Technical Note 2).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg.colour import table_segments
from pipeline.io.jpeg.markers import JpegHeader, parse_header
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.tiff.tags import HORIZONTAL_PREDICTOR, Compression, Photometric
from pipeline.model.plan import InstancePlan
from pipeline.model.tiff_target import TiffFormat
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import Photometric as DicomPhotometric
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax

SAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411"}
"""YCbCrSubSampling that tiles may have, and what the encoder calls it."""
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SAMPLE = 16
_PHOTOMETRICS = {
    DicomPhotometric.MONOCHROME2: Photometric.MIN_IS_BLACK,
    DicomPhotometric.YBR_FULL_422: Photometric.YCBCR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TileForm:
    """What a directory says of its tiles."""

    compression: Compression
    photometric: Photometric
    sampling: tuple[int, int] = (1, 1)
    """Of JPEG: horizontal and vertical, YCbCrSubSampling; (1, 1) for gray and RGB."""
    tables: bytes = b""
    """DQT and DHT segments that tiles share; empty: each has its own."""
    predictor: int = 1

    @property
    def jpeg_tables(self) -> bytes:
        """Value of the tag JPEGTables: an abbreviated stream of tables (T.81, B.5); empty: there is none."""
        return _SOI + self.tables + _EOI if self.tables else b""


def tile_form(slide: OpenedSlide, plan: InstancePlan) -> TileForm:
    """Decide how the tiles of an image stand in the file: the same on every worker, from a sample of them."""
    syntax = plan.transfer_syntax
    photometric = _PHOTOMETRICS.get(plan.photometric, Photometric.RGB)
    if syntax is TransferSyntax.JPEG_BASELINE:
        return _jpeg_form(slide, plan, photometric)
    if syntax.is_jpeg_2000_family:
        return TileForm(compression=_jpeg_2000(slide, photometric), photometric=photometric)
    return TileForm(compression=Compression.DEFLATE, photometric=photometric, predictor=HORIZONTAL_PREDICTOR)


def stream_sampling(header: JpegHeader) -> tuple[int, int] | None:
    """Return the YCbCrSubSampling of a stream, (1, 1) for one that is not subsampled; None: a directory has no word."""
    components = [(component.horizontal, component.vertical) for component in header.components]
    if set(components[1:]) - {(1, 1)}:
        return None
    return components[0]


def _jpeg_form(slide: OpenedSlide, plan: InstancePlan, photometric: Photometric) -> TileForm:
    heads = Counter(_sampled_heads(slide, plan))
    if not heads:
        heads[_head(slide.background_frame(plan))] = 1
    head = heads.most_common(1)[0][0]
    header = parse_header(head)
    sampling = stream_sampling(header)
    tables = table_segments(head, header.tables)
    if photometric is not Photometric.YCBCR:
        sampling = (1, 1)
    elif sampling not in SAMPLINGS:
        sampling = _SUBSAMPLINGS[slide.config.jpeg_subsampling]
    return TileForm(compression=Compression.JPEG, photometric=photometric, sampling=sampling, tables=tables)


def _sampled_heads(slide: OpenedSlide, plan: InstancePlan) -> list[bytes]:
    """Return the heads of evenly spaced tiles that pass, as they will be staged; none where pixels are encoded."""
    if not plan.route.keeps_lengths:
        return []
    heads = []
    for plane in plan.source_planes:
        lengths, codec = slide.source.tile_lengths(plan.image, plane), slide.source.tile_codec(plan.image, plane)
        if lengths is None or codec is None:
            continue
        stored = np.flatnonzero(lengths)
        places = np.unique(np.linspace(0, len(stored) - 1, min(len(stored), _SAMPLE)).astype(int))
        for place in stored[places].tolist():
            passed = codec.pass_tile(slide.source.read_tiles(plan.image, place, 1, plane)[0])
            if isinstance(passed, PassedTile) and passed.photometric is plan.photometric:
                heads.append(passed.head)
    return heads


def _head(stream: Buffer) -> bytes:
    return bytes(stream[: parse_header(stream).header_length])


def _jpeg_2000(slide: OpenedSlide, photometric: Photometric) -> Compression:
    target = slide.config.profile.tiff
    if target is None or target.format is not TiffFormat.SVS:
        return Compression.JPEG_2000
    if photometric is Photometric.YCBCR:
        return Compression.APERIO_JPEG_2000_YCBCR
    return Compression.APERIO_JPEG_2000_RGB


_SUBSAMPLINGS = {Subsampling.YBR_444: (1, 1), Subsampling.YBR_422: (2, 1), Subsampling.YBR_420: (2, 2)}
