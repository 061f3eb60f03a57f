"""How fast this machine's codecs are on a slide's own tiles, and how large they make them.

What is timed is what a conversion calls: the encoders of `pipeline.io.codecs` and the decoders of the source's reader,
one tile after the other on one thread. Times are processor time of the process, so that other work on the machine has
little say.
"""

import time
from collections.abc import Callable, Sequence
from itertools import cycle
from statistics import mean
from typing import cast

import imagecodecs
import numpy as np

from pipeline.io.codecs import encode_frame
from pipeline.io.jpegxl.recompression import recompress
from pipeline.io.pyramid.average import AreaAverage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax

_SECONDS = 1.0
"""Processor time of one measurement."""
_LOSSY = {TransferSyntax.JPEG_2000: {"j2k_quality": 50.0}, TransferSyntax.HTJ2K: {"j2k_quality": 50.0}}
_JPEG_QUALITIES = (50, 75, 90, 95, 100)
_J2K_QUALITIES = (35.0, 40.0, 45.0, 50.0, 60.0)
_STORED_JPEG = 85
"""Quality of tiles that are made where a decoder's own are wanted."""


def megabytes_a_second(function: Callable[[int], object], tile_bytes: Sequence[int]) -> float:
    """Call a function with numbers of tiles for a while and return the megabytes of pixels a second."""
    function(0)
    done = 0
    begin = time.process_time()
    for number in cycle(range(len(tile_bytes))):
        function(number)
        done += tile_bytes[number]
        taken = time.process_time() - begin
        if taken >= _SECONDS:
            return done / 1e6 / taken
    raise ValueError("no tiles to measure with")


def decode_rates(tiles: Sequence[Pixels]) -> dict[str, float]:
    """Return megabytes of pixels a second by compression of the source."""
    sizes = [tile.nbytes for tile in tiles]
    stored: dict[str, tuple[list[bytes], Callable[[bytes], object]]] = {
        "jpeg": ([_jpeg(tile) for tile in tiles], imagecodecs.jpeg8_decode),
        "jpeg2000": (
            [encode_frame(tile, TransferSyntax.JPEG_2000, j2k_quality=45.0).data for tile in tiles],
            lambda data: imagecodecs.jpeg2k_decode(data, planar=False, numthreads=1),
        ),
        "jpeg-ls": (
            [encode_frame(tile, TransferSyntax.JPEG_LS_LOSSLESS).data for tile in tiles],
            imagecodecs.jpegls_decode,
        ),
        "jpeg-xl": (
            [encode_frame(tile, TransferSyntax.JPEG_XL_LOSSLESS).data for tile in tiles],
            lambda data: imagecodecs.jpegxl_decode(data, numthreads=1),
        ),
        "rle": (
            [bytes(imagecodecs.packbits_encode(tile.reshape(-1))) for tile in tiles],
            imagecodecs.packbits_decode,
        ),
        "other": (
            [bytes(imagecodecs.lzw_encode(tile.tobytes())) for tile in tiles],
            imagecodecs.lzw_decode,
        ),
    }
    rates = {}
    for name, (data, decode) in stored.items():

        def decoded(number: int, data: list[bytes] = data, decode: Callable[[bytes], object] = decode) -> object:
            return decode(data[number])

        rates[name] = megabytes_a_second(decoded, sizes)
    return rates


def encode_rates(tiles: Sequence[Pixels], detail: float) -> tuple[dict[str, float], dict[str, float]]:
    """Return, by transfer syntax, megabytes of pixels a second, and bytes a byte of pixels over the detail."""
    sizes = [tile.nbytes for tile in tiles]
    rates, shares = {}, {}
    for syntax in TransferSyntax.offered():
        if syntax is TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN:
            rates[syntax.option] = megabytes_a_second(lambda number: tiles[number].tobytes(), sizes)
            continue
        options = _LOSSY.get(syntax, {})

        def encode(number: int, syntax: TransferSyntax = syntax, options: dict[str, float] = options) -> bytes:
            return encode_frame(tiles[number], syntax, **options).data  # type: ignore[arg-type]

        rates[syntax.option] = megabytes_a_second(encode, sizes)
        shares[syntax.option] = sum(len(encode(number)) for number in range(len(tiles))) / sum(sizes) / detail
    return rates, shares


def quality_sizes(tiles: Sequence[Pixels]) -> tuple[dict[float, float], dict[float, float]]:
    """Return sizes of JPEG by quality over that of 90, and of JPEG 2000 by decibels over that of 50."""
    jpeg = {quality: mean(len(_jpeg(tile, quality)) for tile in tiles) for quality in _JPEG_QUALITIES}
    j2k = {
        quality: mean(len(encode_frame(tile, TransferSyntax.HTJ2K, j2k_quality=quality).data) for tile in tiles)
        for quality in _J2K_QUALITIES
    }
    return {q: size / jpeg[90] for q, size in jpeg.items()}, {q: size / j2k[50.0] for q, size in j2k.items()}


def recompression(tiles: Sequence[Pixels]) -> tuple[float, float]:
    """Return megabytes of pixels a second whose JPEG becomes JPEG XL, and its bytes a byte of JPEG."""
    stored = [_jpeg(tile) for tile in tiles]
    rate = megabytes_a_second(lambda number: recompress(stored[number]), [tile.nbytes for tile in tiles])
    return rate, sum(len(recompress(jpeg)) for jpeg in stored) / sum(map(len, stored))


def average_rate(tiles: Sequence[Pixels]) -> float:
    """Return megabytes of pixels a second that are averaged over squares of two."""
    band = cast(Pixels, np.concatenate([tile[:64, :64] for tile in tiles] * 4, axis=1))
    size = (band.shape[1], 64)
    half = (band.shape[1] // 2, 32)
    return megabytes_a_second(lambda _: AreaAverage(size, half, (2.0, 2.0)).push(band), [band.nbytes])


def _jpeg(tile: Pixels, quality: int = _STORED_JPEG) -> bytes:
    return encode_frame(tile, TransferSyntax.JPEG_BASELINE, jpeg_quality=quality).data
