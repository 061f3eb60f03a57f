"""The slides that are timed, made once and kept under `build/bench/slides`.

With the shared folder beside the checkout they repeat a scanner's own tiles. Without it the tests' sample slide is
drawn larger, and the figures compare the programs of that run with each other, and with nothing else.
"""

import subprocess
import sys
from pathlib import Path

from bench.rows import Slide

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = CHECKOUT.parent / "shared"
REGION = Path("slides/aperio/CMU-1-Small-Region.svs")
REPEATS = {Slide.MB_95: "10x7", Slide.GB_1: "36x25"}
DRAWN_SIZES = {Slide.MB_95: (14500, 11500), Slide.GB_1: (29000, 23000)}
"""Columns and rows of the sample where there is no scanner's slide; the larger needs 3 GB of memory to draw."""


def ensure_slide(slide: Slide, folder: Path) -> Path:
    """Return the path of a slide, made now if it is not there, and read once so that the page cache has it."""
    maker = SHARED / "tools" / "make_big_svs.py"
    real = maker.is_file() and (SHARED / REGION).is_file()
    path = folder / f"{slide}-{'scanner' if real else 'sample'}.svs"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.svs")
        print(f"making {path} ...", flush=True)
        if real:
            command = [str(maker), str(SHARED / REGION), str(partial), "--repeat", REPEATS[slide]]
        else:
            columns, rows = DRAWN_SIZES[slide]
            command = ["-m", "tests.sample", str(partial), str(columns), str(rows)]
        subprocess.run([sys.executable, *command], check=True, cwd=CHECKOUT)
        partial.rename(path)
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    return path
