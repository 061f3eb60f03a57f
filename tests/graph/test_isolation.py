"""A slide that crashes, aborts or hangs the library that reads it fails alone, and says so."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.config import Isolation
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.graph.faulty_library import FAULTS, write_library, write_slide
from tests.io.isolation.processes import children_of, comes_true, is_running
from tests.io.sources.openslide_slides import write_vms
from tests.sample import build_sample_slide

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = "10"
OPTIONS = ("--research-placeholder", "--json", "--run-frames", "8", "--isolate-timeout", TIMEOUT)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with the faulty library."""
    (tmp_path / "library").mkdir()
    return write_library(tmp_path / "library")


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """Return a folder of two sound slides, one of which the library reads."""
    folder = tmp_path / "slides"
    folder.mkdir()
    write_slide(folder / "sound.isyntax")
    build_sample_slide(folder / "sound.svs", columns=400, rows=300, tile=64, associated=False)
    return folder


def command(slides: list[Path], output: Path, *options: str) -> list[str]:
    """Return the command that converts slides."""
    inputs = [str(slide) for slide in slides]
    return [sys.executable, "-m", "pipeline.run", "--input", *inputs, "--output", str(output), *OPTIONS, *options]


def run(
    environment: dict[str, str], slides: list[Path], output: Path, *options: str
) -> tuple[int, dict[str, str], dict[str, dict[str, Any]]]:
    """Convert in a process of its own; return exit code, status of each slide, and the first failure of each."""
    done = subprocess.run(
        command(slides, output, *options), env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert "Traceback" not in done.stderr, done.stderr
    reports = [json.loads(path.read_text()) for path in output.glob("_reports/*/report.json")]
    assert len(reports) == 1, done.stderr
    failures: dict[str, dict[str, Any]] = {}
    for failure in reports[0]["failures"]:
        failures.setdefault(failure["slide_id"], failure)
    return done.returncode, statuses(reports[0]), failures


def check_failures(failures: dict[str, dict[str, Any]], folder: Path) -> None:
    """See that each says what happened to which file, in one line."""
    expected = {"hang": "DecoderTimeout"} | dict.fromkeys(("crash", "abort", "killed"), "DecoderCrash")
    words = {"crash": "SIGSEGV", "abort": "SIGABRT", "hang": f"no answer in {TIMEOUT} s", "killed": "memory runs out"}
    for slide_id, failure in failures.items():
        fault = slide_id.partition("-")[0]
        assert failure["error_class"] == expected[fault]
        assert failure["message"].startswith(str(folder / slide_id))
        assert words[fault] in failure["message"]
        assert "\n" not in failure["message"]
        assert shlex.split(failure["reproduce"])[3:5] == ["--input", str(folder / slide_id)]


def test_poison_at_opening_fails_alone(environment: dict[str, str], slides: Path, tmp_path: Path) -> None:
    """Without any option: headers of several slides are read in a helper process."""
    poison = [write_slide(slides / f"{fault}-opening.isyntax", fault, "opening") for fault in FAULTS]
    code, ended, failures = run(environment, sorted(slides.iterdir()), tmp_path / "out")
    assert code == 1
    assert ended == dict.fromkeys([slide.name for slide in poison], "failed") | {
        "sound.isyntax": "published",
        "sound.svs": "published",
    }
    assert failures.keys() == {slide.name for slide in poison}
    check_failures(failures, slides)
    assert {failure["stage"] for failure in failures.values()} == {"OpenSlides"}
    assert all("--isolate headers" in failure["reproduce"] for failure in failures.values())
    assert "reading through a null pointer" in failures["crash-opening.isyntax"]["message"]
    assert {Path(name).parts[0] for name in published(tmp_path / "out")} == {"sound.isyntax", "sound.svs"}
    assert staging_left(tmp_path / "out") == []


def test_poison_tiles_fail_alone(environment: dict[str, str], slides: Path, tmp_path: Path) -> None:
    """With `--isolate`; the sound slides are what they are without."""
    sound = sorted(slides.iterdir())
    poison = [write_slide(slides / f"{fault}-37.isyntax", fault, 37) for fault in FAULTS]
    code, ended, failures = run(environment, sorted(slides.iterdir()), tmp_path / "out", "--isolate")
    assert code == 1
    assert ended == dict.fromkeys([slide.name for slide in poison], "failed") | {
        "sound.isyntax": "published",
        "sound.svs": "published",
    }
    check_failures(failures, slides)
    assert all("--isolate tiles" in failure["reproduce"] for failure in failures.values())
    assert all("level-0, frames 32 to 39" in failure["message"] for failure in failures.values())
    assert {failure["level"] for failure in failures.values()} == {0}
    assert staging_left(tmp_path / "out") == []
    assert run(environment, sound, tmp_path / "plain", "--isolate", "none")[0] == 0
    assert published(tmp_path / "plain") == published(tmp_path / "out")


def test_poison_that_is_averaged_fails_alone(environment: dict[str, str], slides: Path, tmp_path: Path) -> None:
    sound = sorted(slides.iterdir())
    poison = [write_slide(slides / f"{fault}-37.isyntax", fault, 37) for fault in ("crash", "abort")]
    pyramid = ("--regenerate-pyramid", "--no-thumbnail")
    code, ended, failures = run(environment, [*sound, *poison], tmp_path / "out", "--isolate", *pyramid)
    assert code == 1
    assert [name for name, status in ended.items() if status == "failed"] == sorted(slide.name for slide in poison)
    check_failures(failures, slides)
    assert {failure["stage"] for failure in failures.values()} == {"AverageLevels"}
    assert run(environment, sound, tmp_path / "plain", *pyramid)[0] == 0
    assert published(tmp_path / "plain") == published(tmp_path / "out")


def test_worker_processes_have_helpers_of_their_own(environment: dict[str, str], slides: Path, tmp_path: Path) -> None:
    sound = sorted(slides.iterdir())
    poison = [write_slide(slides / f"crash-{place}.isyntax", "crash", place) for place in ("opening", "37")]
    workers = ("--direct_running_mode", "multi_processing", "--direct_num_workers", "2", "--isolate")
    code, ended, failures = run(environment, [*sound, *poison], tmp_path / "out", *workers)
    assert code == 1
    assert [name for name, status in ended.items() if status == "failed"] == sorted(slide.name for slide in poison)
    check_failures(failures, slides)
    assert run(environment, sound, tmp_path / "plain")[0] == 0
    assert published(tmp_path / "plain") == published(tmp_path / "out")


@pytest.mark.parametrize(("place", "options"), [("opening", ()), (37, ("--isolate",))])
def test_a_slide_alone_that_a_library_reads(
    environment: dict[str, str], tmp_path: Path, place: object, options: tuple[str, ...]
) -> None:
    """Its crash is told as any other failure, and the command in the report shows it again."""
    slide = write_slide(tmp_path / "crash.isyntax", "crash", place)
    code, ended, failures = run(environment, [slide], tmp_path / "out", *options)
    assert (code, ended) == (1, {"crash.isyntax": "failed"})
    assert failures["crash.isyntax"]["error_class"] == "DecoderCrash"
    assert not (tmp_path / "out/crash.isyntax").exists()
    again = shlex.split(failures["crash.isyntax"]["reproduce"])
    again[0] = sys.executable
    shown = subprocess.run(again, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert "SIGSEGV" in shown.stderr
    assert "Current thread" in shown.stderr  # --verbose shows where


def test_without_isolation_a_crash_is_the_jobs(environment: dict[str, str], slides: Path, tmp_path: Path) -> None:
    """So that what the tests above contain is there."""
    poison = write_slide(slides / "crash.isyntax", "crash", 37)
    words = command([poison], tmp_path / "out", "--isolate", "none")
    done = subprocess.run(words, env=environment, capture_output=True, check=False, timeout=300)
    assert done.returncode == -signal.SIGSEGV


def test_a_file_that_never_answers(tmp_path: Path, slides: Path) -> None:
    """OpenSlide waits for a pipe to which nobody writes, as for a drive that is gone."""
    folder = tmp_path / "vms"
    folder.mkdir()
    stuck = write_vms(folder / "stuck.vms")
    (folder / "image.jpg").unlink()
    os.mkfifo(folder / "image.jpg")
    report = convert([slides / "sound.svs", stuck], tmp_path / "out", isolate_seconds=5.0)
    assert statuses(report) == {"sound.svs": "published", "stuck.vms": "failed"}
    assert [failure["error_class"] for failure in report["failures"]] == ["DecoderTimeout"]


def test_a_damaged_slide_fails_as_it_does_without(tmp_path: Path, slides: Path) -> None:
    """Same class, message, level and frame; headers and tiles."""
    cut = tmp_path / "cut.svs"
    cut.write_bytes((slides / "sound.svs").read_bytes()[:-2000])
    (tmp_path / "text.svs").write_text("no slide")
    sources = [cut, tmp_path / "text.svs", slides / "sound.svs"]
    seen = []
    for isolate in (Isolation.NONE, Isolation.HEADERS, Isolation.TILES):
        report = convert(sources, tmp_path / isolate, isolate=isolate)
        rows = [{**row, "reproduce": row["reproduce"].replace(" --isolate tiles", "")} for row in report["failures"]]
        seen.append(
            (statuses(report), [{**row, "reproduce": row["reproduce"].replace(" --isolate none", "")} for row in rows])
        )
    assert seen[0] == seen[1] == seen[2]
    assert published(tmp_path / "none") == published(tmp_path / "tiles") != {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_job_that_is_ended_leaves_no_process(
    environment: dict[str, str], slides: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """While two helpers hang."""
    poison = [write_slide(slides / f"hang-{tile}.isyntax", "hang", tile) for tile in (3, 37)]
    words = command([*poison, slides / "sound.svs"], tmp_path / "out", "--isolate", "--isolate-timeout", "600")
    job = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    helpers: set[int] = set()

    def all_are_there() -> bool:
        helpers.update(children_of(job.pid))
        return len(helpers) >= 2

    try:
        assert comes_true(all_are_there)
        time.sleep(1)
        helpers |= children_of(job.pid)
        job.send_signal(number)
        assert job.wait(60) == (130 if number is signal.SIGINT else -number)
    finally:
        job.kill()
    assert comes_true(lambda: not any(is_running(pid) for pid in helpers))
