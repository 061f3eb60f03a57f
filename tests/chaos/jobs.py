"""Jobs of a small corpus in processes of their own, and what they leave."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pipeline import run
from tests.sample import build_sample_slide

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("--research-placeholder", "--quiet", "--run-frames", "8")
TWO_A_WAVE = ("--wave-slides", "2")
JOB_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_SECONDS = 120


def build_corpus(folder: Path, sizes: list[tuple[int, int]]) -> Path:
    """Write a slide of each size, (columns, rows), and return their folder."""
    folder.mkdir()
    for number, (columns, rows) in enumerate(sizes):
        build_sample_slide(folder / f"{number}.svs", columns=columns, rows=rows, tile=64, associated=number % 2 == 0)
    return folder


def arguments(slides: Path, output: Path | str, *options: str) -> list[str]:
    """Return the arguments of a conversion of a folder."""
    return ["--input", f"{slides}/*.svs", "--output", str(output), *OPTIONS, *options]


def start(*command: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start Python in a process group of its own."""
    words = [sys.executable, "-m", *command]
    return subprocess.Popen(words, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, **options)


def kill(job: "subprocess.Popen[bytes]") -> None:
    """Kill the process that began a job; those that it started end by themselves."""
    job.kill()
    job.wait(_SECONDS)
    assert group_ends(job.pid)


def group_ends(group: int) -> bool:
    """Wait for the end of a process group; whether it came."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def convert(slides: Path, output: Path | str, *options: str) -> int:
    """Convert in this process and return the exit code."""
    return run.main(arguments(slides, output, *options))


def tree(output: Path) -> dict[str, Any]:
    """Return everything below an output that a rerun must bring about: all but the reports of each job.

    Files have their bytes, records their text without the job's name, folders nothing.
    """
    found: dict[str, Any] = {}
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        if name.startswith("_reports/") and JOB_NAME.fullmatch(name.split("/")[1]):
            continue
        if path.is_dir():
            found[name] = None
        elif name.startswith("_state/"):
            found[name] = JOB_NAME.sub("", path.read_text())
        else:
            found[name] = path.read_bytes()
    return found


def report_files(output: Path) -> set[str]:
    """Return the names of all files in the reports of jobs."""
    jobs = [path for path in (output / "_reports").iterdir() if JOB_NAME.fullmatch(path.name)]
    return {path.relative_to(job).as_posix() for job in jobs for path in job.rglob("*") if path.is_file()}


def last_reports(output: Path) -> list[dict[str, Any]]:
    """Return the wave reports of the last job, without what differs from machine to machine and from time to time."""
    # Two jobs may begin in one second, and then their names do not sort.
    newest = max((output / "_reports").glob("*/report*.json"), key=lambda path: path.stat().st_mtime_ns)
    texts = [path.read_text().replace(str(output), "OUTPUT") for path in sorted(newest.parent.glob("report*.json"))]
    reports = [json.loads(JOB_NAME.sub("JOB", text)) for text in texts]
    for report in reports:
        report["metrics"] = {k: v for k, v in report["metrics"].items() if k.endswith("frames")}
    return reports


def slide_rows(output: Path) -> dict[str, dict[str, Any]]:
    """Return what the last job's reports say of each slide."""
    return {slide["slide_id"]: slide for report in last_reports(output) for slide in report["slides"]}


def statuses(output: Path) -> dict[str, str]:
    """Return how each slide ended in the last job."""
    return {slide_id: row["status"] for slide_id, row in slide_rows(output).items()}
