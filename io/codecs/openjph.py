"""OpenJPH made ready before threads use it.

Its block coder fills its tables with the first image, and says that they are full before they are: a second thread
that begins meanwhile makes a broken codestream, without an error, about once in two hundred processes. So the first
image is coded here, alone, for every kind of block coder that there is.
"""

import threading

import imagecodecs
import numpy as np

_lock = threading.Lock()
_ready = threading.Event()


def make_ready() -> None:
    """Let OpenJPH fill its tables, once a process; whoever comes meanwhile waits."""
    if _ready.is_set():
        return
    with _lock:
        if not _ready.is_set():
            _fill_tables()
            _ready.set()


def _fill_tables() -> None:
    for dtype in (np.uint8, np.uint16):
        image = np.arange(64 * 64).reshape(64, 64).astype(dtype)
        for reversible in (True, False):
            stream = imagecodecs.htj2k_encode(image, planar=False, rgb=False, reversible=reversible)
            imagecodecs.htj2k_decode(bytes(stream), planar=False)
