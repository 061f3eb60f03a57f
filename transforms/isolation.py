"""Which work is done in helper processes, and the helpers of this process.

Headers are opened and planned in a helper that all slides of a job share; with `--isolate` the tiles of each run are
read, encoded and staged in as many helpers as there are codec threads. What crosses to a helper and back is keys, plans
and index rows, never pixels. A helper imports no Beam.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace

from pipeline.io.isolation.pool import HelperPool
from pipeline.model.config import ConversionConfig, Isolation
from pipeline.model.cores import usable_cores


def isolated(config: ConversionConfig, slides: int | None) -> ConversionConfig:
    """Settle what is done in helpers in a job of so many slides, None: of any number; one alone harms no other."""
    if config.isolate is Isolation.AUTO and (slides is None or slides > 1):
        return replace(config, isolate=Isolation.HEADERS)
    return config


def isolates_headers(uri: str, config: ConversionConfig) -> bool:
    """Whether a slide is opened and planned in a helper."""
    if config.isolate is not Isolation.AUTO:
        return config.isolate is not Isolation.NONE
    from pipeline.io.sources.registry import is_read_by_library

    return is_read_by_library(uri)


def isolates_tiles(config: ConversionConfig) -> bool:
    """Whether tiles are worked on in helpers."""
    return config.isolate is Isolation.TILES


def header_helpers(config: ConversionConfig) -> HelperPool:
    """Return this process's helpers for headers; those for tiles, where there are any."""
    return tile_helpers(config) if isolates_tiles(config) else _helpers(_HEADERS, usable_cores())


def begin_header_helper(config: ConversionConfig, slides: int | None) -> None:
    """Start a helper for headers, beside what else has to start, where so many slides will need one."""
    if slides != 0 and isolated(config, slides).isolate in (Isolation.HEADERS, Isolation.TILES):
        header_helpers(config).begin()


def tile_helpers(config: ConversionConfig) -> HelperPool:
    """Return this process's helpers for tiles, as many as codec threads."""
    return _helpers(_TILES, config.threads or usable_cores())


def close_slides_in_helpers() -> None:
    """Let the helpers of tiles close the slides that they hold open; they stay for the next wave."""
    with _lock:
        pools = [pool for (kind, _), pool in _pools.items() if kind == _TILES]
    for pool in pools:
        pool.call_idle(close_slides, seconds=_CLOSING_SECONDS)


def end_helpers() -> None:
    """End all helpers of this process, whatever they do; later work starts others."""
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.close()


def close_slides() -> Iterator[None]:
    """Close the slides that a helper process holds open."""
    from pipeline.transforms.process import OPENED

    OPENED.close()
    yield


def _helpers(kind: str, most: int) -> HelperPool:
    with _lock:
        if (kind, most) not in _pools:
            _pools[kind, most] = HelperPool(most, _PRELOAD[kind])
        return _pools[kind, most]


_CLOSING_SECONDS = 60
_HEADERS, _TILES = "headers", "tiles"
_READERS = (
    "pipeline.io.sources.tiff_formats",
    "pipeline.io.sources.openslide",
    "pipeline.io.sources.dicom.source",
)
_PRELOAD = {
    _HEADERS: ("pipeline.io.runs.headers", *_READERS),
    _TILES: ("pipeline.io.runs.headers", "pipeline.transforms.make_runs", *_READERS),
}
"""What helpers import before their first call, so that its time is not spent on that."""
_pools: dict[tuple[str, int], HelperPool] = {}
_lock = threading.Lock()
