"""Two jobs at once on one output: each slide is published once and whole, and nobody says that it failed."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.chaos.jobs import arguments, build_corpus, convert, start, tree

SIZES = [(300, 200), (340, 200), (300, 240), (260, 200), (300, 280), (380, 200)]
_SECONDS = 300


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of six slides."""
    return build_corpus(tmp_path_factory.mktemp("corpus") / "slides", SIZES)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, slides: Path) -> Path:
    """Return an output that one job wrote."""
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    assert convert(slides, output, "--wave-slides", "2") == 0
    return output


def jobs_at_once(slides: Path, output: Path, *options: str) -> list[int]:
    """Convert in two processes that begin together and return their exit codes."""
    words = ("pipeline.run", *arguments(slides, output, "--wave-slides", "2", *options))
    jobs = [start(*words, stderr=subprocess.DEVNULL) for _ in range(2)]
    return [job.wait(_SECONDS) for job in jobs]


def ends(output: Path) -> list[dict[str, str]]:
    """Return how each slide ended, for each job."""
    found = []
    for job in (output / "_reports").iterdir():
        reports = [json.loads(path.read_text()) for path in job.glob("report*.json")]
        rows = [slide for report in reports for slide in report.get("slides", ())]
        if rows:
            found.append({slide["slide_id"]: slide["status"] for slide in rows})
    return found


@pytest.mark.parametrize("options", [(), ("--force",)], ids=["plain", "force"])
def test_two_jobs_of_the_same_slides_both_succeed(
    slides: Path, undisturbed: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    output = tmp_path / "out"
    codes = jobs_at_once(slides, output, *options)
    both = ends(output)
    assert len(both) == 2
    assert all(set(job) == {f"{number}.svs" for number in range(len(SIZES))} for job in both), both
    assert not [job for job in both if "failed" in job.values()], both
    assert codes == [0, 0]
    assert tree(output) == tree(undisturbed)
