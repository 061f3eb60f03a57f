"""What failed for a moment is done again: the policy for transient storage errors, above that of a single call.

A store's calls have a back-off of their own, of seconds; this one outlasts a server that starts anew. Every step that
is tried again may run twice anyway, since runners repeat bundles.
"""

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pipeline.model.errors import StorageError

_LOG = logging.getLogger(__name__)
_WAITS = (1.0, 5.0, 20.0)
"""Seconds before the second, third and fourth try."""

P = ParamSpec("P")
T = TypeVar("T")


def retried(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Call a function, and again after a while when it raises a transient StorageError; the last one is raised."""
    for wait in _WAITS:
        try:
            return function(*arguments, **options)
        except StorageError as error:
            if not error.transient:
                raise
            _LOG.warning("%s; tried again in %g s", error, wait)
            time.sleep(wait)
    return function(*arguments, **options)
