"""Whether the JPEG of an image can be recompressed at all: libjxl refuses 4:1:1, for one.

Tried with one tile while the slide is planned. An image whose JPEG is refused is encoded anew as a whole, and its
header tells of two lossy compressions; a single odd tile is found where it is recompressed.
"""

import numpy as np

from pipeline.io.codecs.containers import is_recompressed
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpegxl.recompression import recompress
from pipeline.io.planning.probe import Probe
from pipeline.io.sources.contract import SlideSource
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import SourceImage
from pipeline.model.transfer_syntaxes import TransferSyntax


def refuse_recompression(source: SlideSource, image: SourceImage, probe: Probe, syntax: TransferSyntax) -> Probe:
    """Return the probe, or one that keeps the image from passing where its JPEG cannot be recompressed."""
    if probe.transfer_syntax is None or not is_recompressed(probe.transfer_syntax, syntax):
        return probe
    for plane in range(image.planes):
        lengths, codec = source.tile_lengths(image.index, plane), source.tile_codec(image.index, plane)
        if lengths is None or codec is None or not lengths.any():
            continue
        tile = source.read_tiles(image.index, int(np.argmax(lengths)), 1, plane)[0]
        passed = codec.pass_tile(tile)
        if isinstance(passed, PassedTile):
            try:
                recompress(passed.head + bytes(tile[passed.start : passed.end]))
            except CodecError:
                return Probe(Reason.JPEG_NOT_RECOMPRESSED)
            return probe
    return probe
