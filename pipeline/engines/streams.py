"""Streams between a runner and its workers that break when one of the two dies."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

_DATA_PLANE = logging.getLogger("apache_beam.runners.worker.data_plane")


@contextmanager
def broken_streams_unsaid() -> Iterator[None]:
    """Keep Beam's threads from telling one by one that their stream broke: the job's error says what died."""
    before = threading.excepthook

    def unless_stream_broke(failed: threading.ExceptHookArgs) -> None:
        if not isinstance(failed.exc_value, grpc.RpcError):
            before(failed)

    threading.excepthook = unless_stream_broke
    _DATA_PLANE.addFilter(_is_no_broken_stream)
    try:
        yield
    finally:
        _DATA_PLANE.removeFilter(_is_no_broken_stream)
        threading.excepthook = before


def _is_no_broken_stream(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], grpc.RpcError))
