"""A library that reads slides and has the faults of native code: it stands where pyisyntax would be.

`write_library` puts this file's second half into a folder as the module `isyntax`; with the folder on PYTHONPATH a
conversion takes it for the library. What goes wrong, and where, is written in the slide: `crash opening`,
`hang 37` (when tile 37 of level 0 is read), `sound`.
"""

import os
from pathlib import Path

HEAD = b'<DataObject ObjectType="DPUfsImport">'
FAULTS = ("crash", "abort", "hang", "killed")
_LIBRARY = """
import ctypes, os, signal
import numpy as np

EDGE, COLUMNS, ROWS = 512, 4096, 3072  # 8 x 6 tiles


class ISyntax:
    mpp_x = mpp_y = 0.25
    barcode = ""
    level_dimensions = [(COLUMNS >> level, ROWS >> level) for level in range(2)]

    def __init__(self, f, n_bytes, cache_size=2000):
        self.fault, _, self.place = f.read().decode().rpartition(">")[2].partition(" ")
        if self.place == "opening":
            self.meet_fault()

    def shows_fault(self, x, y, width, height):
        if not self.place.isdigit():
            return False
        row, column = divmod(int(self.place), COLUMNS // EDGE)
        return x <= column * EDGE < x + width and y <= row * EDGE < y + height

    def meet_fault(self):
        if self.fault == "crash":
            os.write(2, b"isyntax.c:37: reading through a null pointer\\n")
            ctypes.string_at(0)
        elif self.fault == "abort":
            os.abort()
        elif self.fault == "hang":
            ctypes.PyDLL(None).sleep(10_000)
        elif self.fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)

    def read_region(self, x, y, width, height, level=0):
        if not level and self.shows_fault(x, y, width, height):
            self.meet_fault()
        rgba = np.empty((height, width, 4), np.uint8)
        rgba[..., 0] = np.arange(x, x + width) // 16
        rgba[..., 1] = np.arange(y, y + height)[:, None] // 16
        rgba[..., 2] = 128
        rgba[..., 3] = 255
        return rgba

    def read_label_image_jpeg(self):
        return None

    read_macro_image_jpeg = read_icc_profile = read_label_image_jpeg

    def close(self):
        pass
"""


def write_library(folder: Path) -> dict[str, str]:
    """Write the library and return an environment in which it is found."""
    (folder / "isyntax.py").write_text(_LIBRARY)
    root = Path(__file__).resolve().parents[2]
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{root}"}


def write_slide(path: Path, fault: str = "sound", place: object = "") -> Path:
    """Write a slide that the library opens, and that ends it."""
    path.write_bytes(HEAD + f"{fault} {place}".encode())
    return path
