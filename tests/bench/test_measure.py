"""A measured process is the whole process: its status, its memory, and the time of its children."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import CommandFailed, Measurement, measure, medians

SPIN = "import time\nwhile time.process_time() < 0.3: pass"


def test_processor_time_of_children_counts(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}], check=True)"
    assert measure([sys.executable, "-c", code], tmp_path / "log").cpu_s >= 0.3


def test_peak_memory_is_in_megabytes(tmp_path: Path) -> None:
    """Asked of a small process: the kernel counts what a child shared with its parent before it began its program."""
    code = "data = bytearray(b'x') * 200_000_000; del data"
    command = [sys.executable, "-c", code]
    ask = (
        f"from pathlib import Path; from bench.measure import measure; print(measure({command!r}, Path('log')).rss_mb)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 200 <= float(done.stdout) < 400


def test_a_failing_command_is_an_error_with_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"ended with 3: .*out of tissue"):
        measure([sys.executable, "-c", "print('out of tissue'); raise SystemExit(3)"], tmp_path / "log")


def test_medians_are_taken_figure_by_figure() -> None:
    runs = [
        Measurement(wall_s=1, cpu_s=9, rss_mb=5),
        Measurement(wall_s=3, cpu_s=7, rss_mb=1),
        Measurement(wall_s=2, cpu_s=8, rss_mb=3),
    ]
    assert medians(runs) == Measurement(wall_s=2, cpu_s=8, rss_mb=3)
