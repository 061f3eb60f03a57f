"""A disk that fills up in the middle of a job: the same command again, with more room, makes it good."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.jobs import ROOT, TWO_A_WAVE, arguments, build_corpus, convert, tree

SCRIPT = """
mount -t tmpfs -o size={size}k none "$1" || exit 77
shift
"$@" && exit 78
mount -o remount,size=100m {disk}
"$@" || exit 79
cp -r --preserve=timestamps {disk}/. {copy}
"""
"""A file system of its own, in a namespace where everybody may mount one."""
_NO_MOUNT = 77


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [8, 100, 200, 300])
def test_the_next_job_makes_it_good(tmp_path: Path, kilobytes: int) -> None:
    """Whether no wave has room, or the first, or the last has none."""
    slides = build_corpus(tmp_path / "slides", [(300, 260), (200, 180), (340, 200), (180, 300)])
    assert convert(slides, tmp_path / "undisturbed", *TWO_A_WAVE) == 0
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    script = SCRIPT.format(size=kilobytes, disk=disk, copy=copy)
    command = [sys.executable, "-m", "pipeline.run", *arguments(slides, disk / "out", *TWO_A_WAVE)]
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(disk), *command]
    done = subprocess.run(namespace, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == _NO_MOUNT or done.stderr.startswith("unshare:"):
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(copy / "out") == tree(tmp_path / "undisturbed")
