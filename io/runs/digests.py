"""Digest rows: what the certificate compares, 16 bytes a frame in a side file of the instance.

xxh3_64 of the source's entropy-coded bytes where a tile passed, of the whole encoded frame where it did not.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.model.reasons import Reason, Route

ALGORITHM = "xxh3_64"
ROUTES = tuple(Route)
REASONS = tuple(Reason)
DIGEST_ROW = np.dtype([("digest", "<u8"), ("length", "<u4"), ("route", "u1"), ("reason", "u1"), ("unused", "<u2")])
"""`length` is the frame's, without padding; `route` counts in ROUTES, `reason` in REASONS from 1, 0 is none."""


def digest_rows(
    digests: Sequence[int], lengths: NDArray[np.uint32], routes: Sequence[Route], reasons: Mapping[int, Reason]
) -> NDArray[np.void]:
    """Return the rows of a run."""
    rows = np.zeros(len(digests), DIGEST_ROW)
    rows["digest"] = digests
    rows["length"] = lengths
    rows["route"] = [_ROUTE_NUMBERS[route] for route in routes]
    for place, reason in reasons.items():
        rows["reason"][place] = _REASON_NUMBERS[reason]
    return rows


def read_digest_rows(data: bytes) -> NDArray[np.void]:
    """Return the rows of an instance's side file, in frame order."""
    return np.frombuffer(data, DIGEST_ROW)


_ROUTE_NUMBERS = {route: number for number, route in enumerate(ROUTES)}
_REASON_NUMBERS = {reason: number for number, reason in enumerate(REASONS, start=1)}
