"""A job of 200 slides that is killed when half of them are done: what is published stays and is not done again."""

import json
import time
from pathlib import Path

import pytest

from tests.chaos.jobs import arguments, convert, kill, start, statuses
from tests.sample import build_sample_slide

SLIDES = 200
_SECONDS = 200


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of small slides, no two alike."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(SLIDES):
        path, columns, rows = folder / f"{number:03d}.svs", 70 + number % 20, 70 + number // 20
        build_sample_slide(path, columns=columns, rows=rows, tile=64, associated=False)
    return folder


def begun(output: Path) -> set[str]:
    """Return the slides that something was written of."""
    staged = {path.name for path in output.glob("_staging/*/*.svs")}
    return staged | set(done(output))


def done(output: Path) -> dict[str, dict[str, int]]:
    """Return the files of published slides, with their times, by the slides' names."""
    records = [json.loads(path.read_text()) for path in output.glob("_state/*.json")]
    names = [record["slide_id"] for record in records if record["stage"] == "done"]
    return {name: {path.name: path.stat().st_mtime_ns for path in (output / name).iterdir()} for name in names}


@pytest.mark.slow
def test_what_is_published_is_not_done_again(tmp_path: Path, slides: Path) -> None:
    """The waves are those that a job makes by itself."""
    output = tmp_path / "out"
    job = start("pipeline.run", *arguments(slides, output))
    deadline = time.monotonic() + _SECONDS
    while len(begun(output)) < SLIDES // 2:
        assert job.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill(job)
    before = done(output)
    assert SLIDES * 0.4 <= len(before) < SLIDES
    assert convert(slides, output) == 0
    ended = statuses(output)
    assert len(ended) == SLIDES
    assert {name for name, status in ended.items() if status == "skipped"} == set(before)
    after = done(output)
    assert len(after) == SLIDES
    assert {name: after[name] for name in before} == before
    assert {path.name for path in output.iterdir()} == {"_reports", "_state", *after}
