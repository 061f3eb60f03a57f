"""The converter that looks again and again, in a process of its own: what it takes, what it leaves, how it ends."""

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.batch.places import SECONDS, Places, contents, files, wait_for

_INTERVAL = 0.3


class Watch:
    """A process that watches, and the lines that it says."""

    def __init__(self, places: Places, *options: str) -> None:
        self.process = places.start("--watch", "--watch-interval", str(_INTERVAL), *options)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.wait_for("Watching")

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def told(self, pattern: str) -> list[str]:
        """Return the lines that match."""
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Wait until it has said something so many times."""
        wait_for(lambda: len(self.told(pattern)) >= times, what=pattern, processes=[self.process])

    def looks(self, number: int) -> None:
        """Give it the time of so many looks, and a slow machine more; what is waited for is that nothing happens."""
        time.sleep((number + 1) * _INTERVAL)

    def stopped(self, number: signal.Signals) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self._reader.join()
        return code

    def end(self) -> None:
        """Leave nothing of it behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def watch(places: Places) -> Iterator[Callable[..., Watch]]:
    """Return what starts a watch of the inbox; all are ended with the test."""
    begun: list[Watch] = []

    def start(*options: str) -> Watch:
        begun.append(Watch(places, *options))
        return begun[-1]

    yield start
    for one in begun:
        one.end()


@pytest.mark.slow
def test_bc11_slides_are_taken_as_they_come(
    places: Places, watch: Callable[..., Watch], series: Path, level: bytes
) -> None:
    shutil.copytree(series, places.inbox / "case")
    one = watch()
    one.wait_for("Batch complete: 1 succeeded, 0 failed")
    places.put("x/a.dcm", level)
    places.put("bad.dcm", b"no slide")
    places.put("b.svs", b"slide")
    one.wait_for(r"Done: x/a\.dcm")
    one.wait_for(r"Done: b\.svs")
    one.wait_for(r"Failed: bad\.dcm")
    assert one.stopped(signal.SIGINT) == 0
    assert one.lines[-1] == "slidebeam: Shutting down...\n"
    assert files(places.serving) == ["b.svs", "case.tiff", "x/a.tiff"]
    assert files(places.inbox) == ["bad.dcm"]
    assert not (places.inbox / ".processing").exists()


def test_bc7_a_watch_takes_what_stays_once(places: Places, watch: Callable[..., Watch]) -> None:
    """Until its file changes, or what is served under its name is gone."""
    places.put("a.svs", b"slide")
    places.put("bad.dcm", b"no slide")
    places.serving.mkdir()
    (places.serving / "a.svs").write_bytes(b"another")
    one = watch()
    one.wait_for("Output already exists, skipping")
    one.wait_for(r"Failed: bad\.dcm")
    one.looks(5)
    assert len(one.told("Output already exists, skipping")) == len(one.told("Failed:")) == 1
    assert len(one.told("Batch complete: 1 succeeded, 1 failed")) == 1
    places.put("bad.dcm", b"no slide either")
    one.wait_for(r"Failed: bad\.dcm", times=2)
    (places.serving / "a.svs").unlink()
    one.wait_for(r"Done: a\.svs")
    assert one.stopped(signal.SIGTERM) == 0
    assert contents(places.archive) == {"a.svs": b"slide"}


def test_bc8_a_watch_tries_again_what_an_archive_refused(places: Places, watch: Callable[..., Watch]) -> None:
    places.put("x/a.svs", b"slide")
    places.archive.mkdir()
    (places.archive / "x").write_text("no folder")
    one = watch()
    one.wait_for("not archived yet")
    (places.archive / "x").unlink()
    one.wait_for("Done: x/a.svs, which had been served and not archived")
    assert one.stopped(signal.SIGTERM) == 0
    assert contents(places.archive) == contents(places.serving) == {"x/a.svs": b"slide"}
    assert files(places.inbox) == []


def test_bc16_a_file_that_is_still_written_waits(places: Places, watch: Callable[..., Watch]) -> None:
    one = watch()
    piece = b"slide" * 1000
    with (places.inbox / "a.svs").open("wb") as file:
        for _ in range(40):
            file.write(piece)
            file.flush()
            time.sleep(_INTERVAL / 10)
    one.wait_for(r"Done: a\.svs")
    assert len(one.told("Processing:")) == 1
    assert one.stopped(signal.SIGTERM) == 0
    assert contents(places.serving) == contents(places.archive) == {"a.svs": piece * 40}


@pytest.mark.slow
def test_bc16_a_series_that_is_still_coming_waits(places: Places, watch: Callable[..., Watch], series: Path) -> None:
    """File by file, none of them large; the base comes last."""
    one = watch()
    for name, content in sorted(contents(series).items(), reverse=True):
        places.put(f"case/{name}", content)
        time.sleep(_INTERVAL / 2)
    one.wait_for("Done: case")
    assert len(one.told("Processing:")) == 1
    assert one.stopped(signal.SIGTERM) == 0
    assert files(places.serving) == ["case.tiff"]
    assert files(places.archive) == [f"case/{name}" for name in files(series)]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_bc19_a_slide_is_finished_or_taken_back(
    number: signal.Signals, places: Places, watch: Callable[..., Watch], series: Path
) -> None:
    """At moments within a conversion; what the next start makes of it is whole."""
    shutil.copytree(series, places.inbox / "case")
    originals = contents(places.inbox)
    for moment in (0.0, 0.4, 0.8, 1.2):
        one = watch("--verbose")
        wait_for((places.inbox / ".processing" / "work").exists, what="it works", processes=[one.process])
        time.sleep(moment)
        assert one.stopped(number) == 0
        assert one.lines[-1] == "slidebeam: Shutting down...\n"
        assert not one.told("Traceback|Failed")
        if files(places.serving) == ["case.tiff"]:
            assert contents(places.archive) == originals
            assert files(places.inbox) == []
            break
        assert files(places.serving) == files(places.archive) == []
        assert contents(places.inbox) == originals
    assert places.run() == 0
    assert files(places.serving) == ["case.tiff"]
    assert contents(places.archive) == originals


def test_bc19_a_stop_waits_for_the_archive(places: Places, watch: Callable[..., Watch]) -> None:
    """Whatever the moment: a slide is in the inbox alone, or served and archived."""
    one = watch()
    for number in range(200):
        places.put(f"{number:03}.svs", b"slide")
    # A hidden file is not served yet, and would be taken back.
    wait_for(lambda: places.serving.is_dir() and any(places.serving.glob("[!.]*")), what="one is served")
    assert one.stopped(signal.SIGTERM) == 0
    served = set(files(places.serving))
    assert served
    assert served == set(files(places.archive))
    assert served.isdisjoint(files(places.inbox))
    assert len(served) + len(files(places.inbox)) == 200


def test_one_pass_that_is_stopped_says_so(places: Places, level: bytes) -> None:
    places.put("a.dcm", level)
    process = places.start()
    try:
        wait_for((places.inbox / ".processing" / "work").exists, what="it works", processes=[process])
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode in (130, 0), told
    assert (process.returncode == 130) == ("stopped" in told)
    assert files(places.inbox) == (["a.dcm"] if process.returncode else [])
    assert files(places.serving) == ([] if process.returncode else ["a.tiff"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_is_told_once(places: Places, watch: Callable[..., Watch]) -> None:
    closed = places.put("closed/a.svs", b"slide").parent
    closed.chmod(0)
    try:
        one = watch()
        places.put("b.svs", b"slide")
        one.wait_for(r"Done: b\.svs")
        assert len(one.told("cannot be listed")) == 1
    finally:
        closed.chmod(0o700)
