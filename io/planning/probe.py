"""Look at a sample of an image's tiles and say whether they could pass, and as what."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources.contract import SlideSource
from pipeline.model.reasons import Reason
from pipeline.model.source import Compression, SourceImage
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_SAMPLE = 16


@dataclass(frozen=True, slots=True)
class Probe:
    """What the sampled tiles of an image have in common."""

    reason: Reason | None
    """Why none can pass; None: most of those that can pass do it as below."""
    transfer_syntax: TransferSyntax | None = None
    photometric: Photometric | None = None
    reversible: bool | None = None
    """Whether their codestreams lose nothing; None: not known."""


def probe_image(source: SlideSource, image: SourceImage) -> Probe:
    """Probe the first, the last and evenly spaced tiles between them; missing tiles have no say."""
    lengths = source.tile_lengths(image.index)
    codec = source.tile_codec(image.index)
    if not image.lossless_frames or lengths is None or codec is None:
        return Probe(_why_no_tiles(source, image))
    stored = np.flatnonzero(lengths)
    if not len(stored):
        return Probe(Reason.MISSING_TILE)
    places = stored[np.unique(np.linspace(0, len(stored) - 1, _SAMPLE).astype(int))]
    results = [codec.pass_tile(source.read_tiles(image.index, place, 1)[0]) for place in places.tolist()]
    passed = Counter(
        (r.transfer_syntax, r.photometric, r.reversible) for r in results if isinstance(r, PassedTile)
    ).most_common(1)
    if passed:
        return Probe(None, *passed[0][0])
    return Probe(Counter(r for r in results if isinstance(r, Reason)).most_common(1)[0][0])


def _why_no_tiles(source: SlideSource, image: SourceImage) -> Reason:
    if image.compression is Compression.UNKNOWN:
        return Reason.PIXELS_ONLY
    if not image.tiled:
        return Reason.UNTILED
    codec = source.tile_codec(image.index)
    answer = codec.pass_tile(b"") if codec is not None else Reason.PIXELS_ONLY
    return answer if isinstance(answer, Reason) else Reason.PIXELS_ONLY
