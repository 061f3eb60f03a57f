"""`--watch` converts what comes, each slide once, until it is asked to stop; by the command line, in a process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from pipeline.io.storage.gcs import GcsBucket
from tests import emulators
from tests.sample import build_sample_slide

_SECONDS = 90


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a small slide."""
    path = build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=300, rows=200, tile=64)
    return path.read_bytes()


class Watch:
    """A process that watches, and what it says of the slides of each wave."""

    def __init__(self, source: str, output: str, *options: str) -> None:
        words = ["--input", source, "--output", output, "--watch", "--watch-interval", "0.5", "--json"]
        command = [sys.executable, "-m", "pipeline.run", *words, "--research-placeholder", *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.waves: list[dict[str, str]] = []
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.waves.append({slide["slide_id"]: slide["status"] for slide in json.loads(line)["slides"]})

    def wait_for(self, name: str) -> None:
        """Wait until a slide has ended."""
        end = time.monotonic() + _SECONDS
        while not any(name in wave for wave in self.waves):
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.1)

    def stopped(self, number: int) -> dict[str, str]:
        """Ask it to stop; return how each slide ended, of which none may have been in two waves."""
        os.killpg(self.process.pid, number)
        self.process.wait(_SECONDS)
        self._reader.join()
        assert self.process.returncode == 0, self.process.stderr and self.process.stderr.read()
        ends = {name: end for wave in self.waves for name, end in wave.items()}
        assert len(ends) == sum(map(len, self.waves))
        return ends

    def end(self) -> None:
        """Leave nothing of it behind."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    """Return what starts a watch; all are ended with the test."""
    begun: list[Watch] = []

    def start(*arguments: str) -> Watch:
        begun.append(Watch(*arguments))
        return begun[-1]

    yield start
    for one in begun:
        one.end()


@pytest.mark.slow
def test_slides_are_converted_as_they_come_and_once(slide: bytes, tmp_path: Path, watch: Callable[..., Watch]) -> None:
    """A second process finds them finished; a file that is no slide fails and stops nobody."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    (inbox / "a.svs").write_bytes(slide)
    first = watch(str(inbox), str(output))
    first.wait_for("a.svs")
    (inbox / "bad.svs").write_bytes(b"no slide")
    (inbox / "case").mkdir()
    (inbox / "case" / "b.svs").write_bytes(slide)
    first.wait_for("case/b.svs")
    first.wait_for("bad.svs")
    assert first.stopped(signal.SIGTERM) == {"a.svs": "published", "bad.svs": "failed", "case/b.svs": "published"}
    assert not (output / "_staging").exists()
    written = (output / "a.svs" / "level-0.dcm").stat()

    (inbox / "c.svs").write_bytes(slide)
    second = watch(str(inbox), str(output))
    second.wait_for("c.svs")
    second.wait_for("bad.svs")
    ends = second.stopped(signal.SIGINT)
    assert ends == {"a.svs": "skipped", "case/b.svs": "skipped", "bad.svs": "failed", "c.svs": "published"}
    assert (output / "a.svs" / "level-0.dcm").stat() == written


def test_a_slide_that_is_still_copied_waits(slide: bytes, tmp_path: Path, watch: Callable[..., Watch]) -> None:
    """Who writes slower than the looks are apart has it converted once, when it is whole."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    one = watch(str(inbox), str(output))
    with (inbox / "a.svs").open("wb") as file:
        for start in range(0, len(slide), len(slide) // 12 + 1):
            file.write(slide[start : start + len(slide) // 12 + 1])
            file.flush()
            time.sleep(0.25)
            assert not output.joinpath("a.svs").exists()
    one.wait_for("a.svs")
    assert one.stopped(signal.SIGTERM) == {"a.svs": "published"}


def test_a_prefix_is_watched(
    slide: bytes, gcp_emulator: str, watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)
    bucket = GcsBucket(emulators.BUCKET)
    one = watch(f"gs://{emulators.BUCKET}/watched/in", f"gs://{emulators.BUCKET}/watched/out")
    time.sleep(1)
    bucket.write("watched/in/case/a.svs", slide)
    one.wait_for("case/a.svs")
    assert one.stopped(signal.SIGTERM) == {"case/a.svs": "published"}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    words = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--watch"]
    command = [sys.executable, "-m", "pipeline.run", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    assert ended.returncode == 1
    assert "there is no such folder to watch" in ended.stderr
    assert not (tmp_path / "out").exists()
