"""wsidicomizer over a corpus in two processes that each import it once: the best that its Python API can do.

`python bench/corpus/wsidicomizer_pool.py 'GLOB' OUTPUT`, with the interpreter of the peer's own environment.
"""

import glob
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from wsidicomizer import WsiDicomizer  # type: ignore[import-not-found]  # of another environment

PROCESSES = 2


def convert(output: Path, slide: str) -> None:
    """Convert one slide into a folder of its own, as the command line does without options."""
    WsiDicomizer.convert(filepath=slide, output_path=output / Path(slide).name)


if __name__ == "__main__":
    with get_context("spawn").Pool(PROCESSES) as pool:
        for _ in pool.imap_unordered(partial(convert, Path(sys.argv[2])), sorted(glob.glob(sys.argv[1]))):
            pass
