"""How much detail an image has, told by how well its source compressed it.

A lossy codec gives detail up where there is much of it, so that its bytes grow with the square of what a lossless one
needs. Detail is the square root of the share of the pixels' bytes that lossily stored tiles take, and for lossless ones
what would give the same lossless frames. Then the bytes of a frame are the detail times a constant of the codec that
makes it. On the slides that this was found with (brightfield, fluorescence, gray, JPEG of many qualities) it holds
within a factor of 1.7. Labels and overviews are not tissue, and what a lossless source tells is worth less: deflate
and LZW find repetitions, wavelets what is smooth.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.contract import SlideSource
from pipeline.model.rates import Rates
from pipeline.model.source import Compression, ImageKind, SourceImage

_UNCOMPRESSED = 0.95
"""Share of the pixels' bytes from which on the stored size tells nothing."""
_LOSSLESS = "htj2k-lossless-rpcl"
_LEAST, _MOST = 0.002, 1.0
"""Code-blocks take some bytes even where there is nothing to see."""


class Detail(NamedTuple):
    """Of one image."""

    value: float
    spread: float
    """Factor by which an encoded size may be wrong."""
    stored_bytes: int | None
    """Of its tiles; None: not known by image."""
    held: float
    """Share of its tiles that the source holds."""


def image_detail(source: SlideSource, image: SourceImage, source_bytes: int, rates: Rates) -> Detail:
    """Return the detail of an image; `source_bytes` are the whole slide's, for readers that do not tell more."""
    planes = [source.tile_lengths(image.index, plane) for plane in range(image.planes)]
    known = [lengths for lengths in planes if lengths is not None]
    if len(known) < len(planes):
        return _guessed(source, image, source_bytes, rates)
    lengths = np.concatenate(known).astype(np.float64)
    stored, tiles = int(lengths.sum()), int((lengths > 0).sum())
    if not tiles:
        return Detail(0.0, rates.spread_guessed, 0, 0.0)
    shares = lengths[lengths > 0] * (len(lengths) / pixel_bytes(image))
    spread = rates.spread_stored if _is_lossy(image) and image.kind is ImageKind.VOLUME else rates.spread_guessed
    if shares.mean() > _UNCOMPRESSED and not _is_lossy(image):
        return Detail(rates.guessed_detail, rates.spread_guessed, stored, tiles / len(lengths))
    return Detail(_detail(shares, image, rates), spread, stored, tiles / len(lengths))


def pixel_bytes(image: SourceImage) -> int:
    """Return the bytes of an image's pixels: what sticks out of it in its last tiles is blank and has no detail."""
    return image.grid.columns * image.grid.rows * image.planes * image.samples * (image.bits // 8)


def _guessed(source: SlideSource, image: SourceImage, source_bytes: int, rates: Rates) -> Detail:
    """Take the ratio that the image's lossy history tells, or the share that the whole slide has."""
    if image.lossy.stages:
        share = 1 / image.lossy.stages[-1].ratio
    else:
        share = source_bytes / sum(map(pixel_bytes, source.describe().levels))
    held = _held(source, image)
    if not 0 < share <= _UNCOMPRESSED:
        return Detail(rates.guessed_detail, rates.spread_guessed, None, held)
    return Detail(_detail(np.array([share]), image, rates), rates.spread_guessed, None, held)


def _held(source: SlideSource, image: SourceImage) -> float:
    planes = [source.stored_tiles(image.index, plane) for plane in range(image.planes)]
    known = [stored for stored in planes if stored is not None]
    return sum(float(stored.mean()) for stored in known) / len(known) if known else 1.0


def _detail(shares: NDArray[np.float64], image: SourceImage, rates: Rates) -> float:
    """Return the mean of the tiles' details: blank tiles beside rich ones have less than tiles of their mean would."""
    details = np.sqrt(shares) if _is_lossy(image) else shares / rates.encoded_size[_LOSSLESS]
    return float(np.clip(details, _LEAST, _MOST).mean())


def _is_lossy(image: SourceImage) -> bool:
    return image.lossy.is_lossy or image.compression is Compression.JPEG
