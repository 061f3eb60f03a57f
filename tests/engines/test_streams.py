"""The streaming graph on Prism, which keeps state and timers by the real clock; its source does not end."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engines.programs import Program
from tests.graph.conversions import convert, published
from tests.sample import build_sample_slide

_SECONDS = 120


@pytest.mark.slow
def test_slides_are_converted_while_the_stream_goes_on(job_server: Program, tmp_path: Path) -> None:
    """All slides are announced every second; each is converted once, and as the batch would."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=64)
    bad = tmp_path / "bad.svs"
    bad.write_bytes(b"no slide")
    convert(slide, tmp_path / "batch", run_frames=4)
    output, log = tmp_path / "stream", tmp_path / "log"
    command = [sys.executable, "-m", "tests.engines.announced", job_server.address, str(output), str(slide), str(bad)]
    with log.open("w") as stream:
        job = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            ends = _ends_when_there(output, job, log, slides=2)
            time.sleep(3)  # it is announced again meanwhile
            written = (output / "s.svs" / "level-0.dcm").stat()
            assert job.poll() is None
        finally:
            job.kill()
            job.wait()
    assert ends == {"slides/s.svs.json": "published", "failed/bad.svs.json": "failed"}
    assert published(output) == published(tmp_path / "batch")
    assert (output / "s.svs" / "level-0.dcm").stat() == written


def _ends_when_there(output: Path, job: "subprocess.Popen[bytes]", log: Path, slides: int) -> dict[str, str]:
    """Wait for the reports of slides and return how they ended, by the reports' paths."""
    reports, end = output / "_reports" / "job", time.monotonic() + _SECONDS
    while len(found := list(reports.rglob("*.json"))) < slides:
        assert job.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)
    read = {path.relative_to(reports).as_posix(): json.loads(path.read_text()) for path in found}
    return {name: report["slides"][0]["status"] for name, report in read.items()}
