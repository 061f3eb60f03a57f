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
_SAMPLE_OF_PLANES = 8


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
    """Probe the first, the last and evenly spaced tiles and planes between them; missing tiles have no say."""
    if not image.lossless_frames or source.tile_codec(image.index) is None:
        return Probe(_why_no_tiles(source, image))
    results = [
        result for plane in _sample(image.planes, _SAMPLE_OF_PLANES) for result in _pass_sample(source, image, plane)
    ]
    if not results:
        return Probe(Reason.MISSING_TILE)
    passed = Counter(
        (r.transfer_syntax, r.photometric, r.reversible) for r in results if isinstance(r, PassedTile)
    ).most_common(1)
    if passed:
        return Probe(None, *passed[0][0])
    return Probe(Counter(r for r in results if isinstance(r, Reason)).most_common(1)[0][0])


def _pass_sample(source: SlideSource, image: SourceImage, plane: int) -> list[PassedTile | Reason]:
    lengths, codec = source.tile_lengths(image.index, plane), source.tile_codec(image.index, plane)
    if lengths is None or codec is None:
        return []
    stored = np.flatnonzero(lengths)
    places = stored[_sample(len(stored), _SAMPLE)].tolist()
    return [codec.pass_tile(source.read_tiles(image.index, place, 1, plane)[0]) for place in places]


def _sample(count: int, most: int) -> list[int]:
    """Return the first, the last and evenly spaced numbers between them; none of none."""
    return [int(number) for number in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))]


def _why_no_tiles(source: SlideSource, image: SourceImage) -> Reason:
    if image.compression is Compression.UNKNOWN:
        return Reason.PIXELS_ONLY
    if not image.tiled:
        return Reason.UNTILED
    codec = source.tile_codec(image.index)
    answer = codec.pass_tile(b"") if codec is not None else Reason.PIXELS_ONLY
    return answer if isinstance(answer, Reason) else Reason.PIXELS_ONLY
