"""A level is never held in memory."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.batch.places import Places
from tests.pipeline.batch.synthetic import write_large_slide

_SMALL, _LARGE = 1024, 14336
"""Pixels on an edge. Decoded, the large one's base level takes 617 MB."""
_MOST_MORE = 250 << 10
"""KiB that it may take more: what is under way at once depends on the cores, and not on the slide."""


@pytest.mark.slow
def test_bc18_memory_is_not_that_of_the_slide(places: Places, other_series: Path) -> None:
    peaks = []
    for edge in (_SMALL, _LARGE):
        write_large_slide(other_series / "level-0.dcm", places.inbox / f"{edge}.dcm", edge)
        words = [sys.executable, "-m", "tests.pipeline.batch.measured", *places.arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (places.serving / f"{edge}.tiff").is_file()
        peaks.append(int(re.findall(r"peak_kib (\d+)", done.stdout)[-1]))
    small, large = peaks
    assert large < small + _MOST_MORE
