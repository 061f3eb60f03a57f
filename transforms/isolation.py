"""Which work is done in helper processes, and the helpers of this process.

Headers are opened and planned in a helper that all slides of a job share; with `--isolate` the tiles of each run are
read, encoded and staged in as many helpers as there are codec threads. What crosses to a helper and back is keys, plans
and index rows, never pixels. A helper imports no Beam.
"""

import threading
from dataclasses import replace

from pipeline.io.isolation.pool import HelperPool
from pipeline.model.config import ConversionConfig, Isolation
from pipeline.model.cores import usable_cores


def isolated(config: ConversionConfig, slides: int) -> ConversionConfig:
    """Settle what is done in helpers in a job of so many slides: one that is alone harms no other."""
    if config.isolate is Isolation.AUTO and slides > 1:
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


def header_helpers() -> HelperPool:
    """Return this process's helpers for headers. They stay for the next wave."""
    return _helpers(_HEADERS, usable_cores())


def begin_header_helper(config: ConversionConfig, slides: int) -> None:
    """Start a helper for headers, beside what else has to start, where so many slides will need one."""
    if slides and isolated(config, slides).isolate in (Isolation.HEADERS, Isolation.TILES):
        header_helpers().begin()


def tile_helpers(threads: int) -> HelperPool:
    """Return this process's helpers for tiles. 0 threads: one a core that the process may use."""
    return _helpers(_TILES, threads or usable_cores())


def end_tile_helpers() -> None:
    """End the helpers for tiles, which hold slides open; later work starts others."""
    _end(_TILES)


def end_helpers() -> None:
    """End all helpers of this process, whatever they do; later work starts others."""
    _end(_TILES)
    _end(_HEADERS)


def _helpers(kind: str, most: int) -> HelperPool:
    with _lock:
        if (kind, most) not in _pools:
            _pools[kind, most] = HelperPool(most, _PRELOAD[kind])
        return _pools[kind, most]


def _end(kind: str) -> None:
    with _lock:
        pools = [_pools.pop(key) for key in list(_pools) if key[0] == kind]
    for pool in pools:
        pool.close()


_HEADERS, _TILES = "headers", "tiles"
_READERS = (
    "pipeline.io.sources.tiff_formats",
    "pipeline.io.sources.openslide",
    "pipeline.io.sources.dicom.source",
)
_PRELOAD = {
    _HEADERS: ("pipeline.io.runs.headers", *_READERS),
    _TILES: ("pipeline.transforms.make_runs", *_READERS),
}
"""What helpers import before their first call, so that its time is not spent on that."""
_pools: dict[tuple[str, int], HelperPool] = {}
_lock = threading.Lock()
