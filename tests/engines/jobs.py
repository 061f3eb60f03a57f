"""Jobs on an object store: started from the command line, watched while they run, and what they leave."""

import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet

from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from tests.engines.programs import ROOT, SECONDS

OPTIONS = ("--research-placeholder", "--run-frames=8", "--force-transcode", "--transfer-syntax=jpeg2000-lossless")
"""Options that make runs worth spreading: each takes tens of milliseconds."""
_OF_A_JOB = ("job", "engine", "output_dir", "output", "worker", "rss_bytes")
"""What is another in every job, beside times."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Slides in an object store, and a place for what becomes of them."""

    root: str

    def output(self, name: str) -> str:
        """Return the address of an output."""
        return f"{self.root}/{name}"

    def command(self, output: str, *arguments: str) -> list[str]:
        """Return the command of a job."""
        module = [sys.executable, "-m", "pipeline.run", "--input", f"{self.root}/in/*.svs"]
        return [*module, "--output", self.output(output), *OPTIONS, "--quiet", *arguments]

    def convert(self, output: str, *arguments: str) -> None:
        """Run a job; CalledProcessError when it does not end well."""
        done = subprocess.run(
            self.command(output, *arguments), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def begin(self, output: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a job in a process group of its own."""
        return subprocess.Popen(
            self.command(output, *arguments),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def objects(self, output: str, below: str = "") -> list[str]:
        """Return the keys of the objects below an output, without its own."""
        prefix = split_address(self.output(output)).key + "/"
        return [facts.key.removeprefix(prefix) for facts in open_bucket(self.root).listed(prefix + below)]

    def load(self, output: str, name: str) -> bytes:
        """Return the bytes of an object."""
        data = open_bucket(self.root).load(f"{split_address(self.output(output)).key}/{name}")
        assert data is not None, name
        return data

    def instances(self, output: str) -> dict[str, str]:
        """Return the digests of the DICOM files, by name."""
        names = [name for name in self.objects(output) if not name.startswith("_")]
        return {name: hashlib.sha256(self.load(output, name)).hexdigest() for name in names}

    def records(self, output: str) -> dict[str, Any]:
        """Return the state records, by name, without what every job has of its own."""
        return {name: timeless(json.loads(self.load(output, name))) for name in self.objects(output, "_state/")}

    def runs(self, output: str) -> list[dict[str, Any]]:
        """Return the rows of the tables of frame runs."""
        tables = [name for name in self.objects(output, "_reports/") if name.endswith("/runs.parquet")]
        return [row for name in tables for row in _rows(self.load(output, name))]

    def workers(self, output: str, slide: str, level: int) -> set[str]:
        """Return the workers that had a part in a level."""
        rows = [row for row in self.runs(output) if row["slide_id"] == slide and row["level"] == level]
        return {row["worker"] for row in rows if row["worker"]}

    def parts(self, output: str) -> int:
        """Return the number of parts that are staged."""
        return sum(name.endswith(".part") for name in self.objects(output, "_staging/"))


def timeless(value: Any) -> Any:
    """Return a record without times, and without the names of jobs and processes."""
    if isinstance(value, dict):
        return {key: timeless(part) for key, part in value.items() if key not in _OF_A_JOB and not _is_time(key)}
    return [timeless(part) for part in value] if isinstance(value, list) else value


def wait_until(happened: Callable[[], bool], job: "subprocess.Popen[str] | None" = None) -> None:
    """Wait for something to happen, in a job that runs."""
    deadline = time.monotonic() + SECONDS
    while not happened():
        if job is not None and job.poll() is not None:
            raise AssertionError(f"the job ended before it could be disturbed: {job.communicate()}")
        if time.monotonic() > deadline:
            if job is not None:
                job.kill()
            raise AssertionError(f"nothing happened {'to ' + str(job.communicate()) if job else ''}")
        time.sleep(0.02)


def _is_time(key: str) -> bool:
    return key.endswith(("_micros", "_seconds", "_s")) or key in ("seconds", "began", "ended", "source_stamp")


def _rows(table: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(table)).to_pylist()
    return rows
