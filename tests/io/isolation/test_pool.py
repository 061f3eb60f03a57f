"""Helper processes: what ends one of them ends a call, and nothing else."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.isolation.pool import HelperPool
from pipeline.model.errors import DecoderCrash, DecoderTimeout, TileError
from tests.io.isolation import calls
from tests.io.isolation.processes import children_of, comes_true, is_running

ROOT = Path(__file__).resolve().parents[3]
SLIDE: dict[str, Any] = {"about": "s.svs: reading it", "uri": "s.svs", "seconds": 60}


@pytest.fixture
def pool() -> Iterator[HelperPool]:
    """Return a pool of two processes; none of them is left afterwards."""
    before = children_of(os.getpid())
    helpers = HelperPool(2)
    yield helpers
    helpers.close()
    assert comes_true(lambda: children_of(os.getpid()) <= before)


def test_values_come_back_and_the_process_is_used_again(pool: HelperPool) -> None:
    first = pool.call(calls.who, **SLIDE)
    assert first != os.getpid()
    assert pool.call(calls.double, 21, **SLIDE) == 42
    assert list(pool.stream(calls.count, 5, **SLIDE)) == [0, 1, 2, 3, 4]
    assert list(pool.stream(calls.count, 0, **SLIDE)) == []
    assert len(pool.call(calls.large, 1 << 20, **SLIDE)) == 1 << 20
    assert pool.call(calls.who, **SLIDE) == first


def test_errors_of_the_function_are_its_own(pool: HelperPool, caplog: pytest.LogCaptureFixture) -> None:
    """With level and frame; and what it logged is logged here."""
    pid = pool.call(calls.who, **SLIDE)
    values = pool.stream(calls.fail, **SLIDE)
    assert next(values) == 1
    with pytest.raises(TileError, match="the tile is bad") as raised:
        next(values)
    assert (raised.value.uri, raised.value.level, raised.value.frame) == ("s.svs", 1, 37)
    assert ("pipeline.tests", logging.WARNING, "this is odd") in caplog.record_tuples
    with pytest.raises(RuntimeError, match="Unpicklable: one two"):
        pool.call(calls.fail_oddly, **SLIDE)
    assert pool.call(calls.who, **SLIDE) == pid


def test_what_cannot_be_sent_harms_no_process(pool: HelperPool) -> None:
    pid = pool.call(calls.who, **SLIDE)
    with pytest.raises(Exception, match="pickle"):
        pool.call(calls.double, lambda: 0, **SLIDE)
    assert pool.call(calls.who, **SLIDE) == pid


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"])
def test_a_crash_is_an_error_that_names_the_signal_and_what_was_said(pool: HelperPool, name: str) -> None:
    pid = pool.call(calls.who, **SLIDE)
    with pytest.raises(DecoderCrash) as raised:
        pool.call(calls.end_by, name, **SLIDE)
    message = str(raised.value)
    assert message.startswith("s.svs: reading it: ")
    assert f"{name} (" in message
    assert "native.c:12: assertion `sane' failed" in message
    assert "Fatal Python" not in message
    assert raised.value.uri == "s.svs"
    assert not is_running(pid)
    assert pool.call(calls.who, **SLIDE) != pid


def test_memory_that_runs_out_is_told(pool: HelperPool) -> None:
    """The kernel ends a process with SIGKILL."""
    with pytest.raises(DecoderCrash, match=r"SIGKILL .* memory runs out; give it more"):
        pool.call(calls.end_by, "SIGKILL", **SLIDE)
    with pytest.raises(MemoryError):
        pool.call(calls.eat_memory, 50 << 20, **SLIDE)
    assert pool.call(calls.world, "HOME", **SLIDE)[2] == 500


def test_a_library_that_calls_exit(pool: HelperPool) -> None:
    with pytest.raises(DecoderCrash, match="exit code 3"):
        pool.call(calls.leave, **SLIDE)
    assert pool.call(calls.double, 1, **SLIDE) == 2


@pytest.mark.parametrize("holds_lock", [True, False])
def test_a_hang_is_ended(pool: HelperPool, holds_lock: bool) -> None:
    pid = pool.call(calls.who, **SLIDE)
    with pytest.raises(DecoderTimeout, match=r"s\.svs: reading it: no answer in 0\.5 s"):
        pool.call(calls.hang, holds_lock, **SLIDE | {"seconds": 0.5})
    assert not is_running(pid)
    assert pool.call(calls.double, 1, **SLIDE) == 2


def test_each_value_has_the_time(pool: HelperPool) -> None:
    values = pool.stream(calls.count_and_hang, **SLIDE | {"seconds": 1})
    assert next(values) == 1
    with pytest.raises(DecoderTimeout):
        next(values)


def test_a_caller_that_stops_early_ends_the_process(pool: HelperPool) -> None:
    """Nobody knows what it is at."""
    values = pool.stream(calls.count, 10**9, **SLIDE)
    assert next(values) == 0
    values.close()  # type: ignore[attr-defined]
    assert pool.call(calls.double, 1, **SLIDE) == 2


def test_chatter_fills_no_pipe(pool: HelperPool, capfd: pytest.CaptureFixture[str]) -> None:
    assert pool.call(calls.print_much, **SLIDE) == "done"
    assert capfd.readouterr() == ("", "")


def test_records_of_threads_are_whole(pool: HelperPool, caplog: pytest.LogCaptureFixture) -> None:
    assert list(pool.stream(calls.log_from_threads, 4, 200, **SLIDE)) == list(range(200))
    assert len([record for record in caplog.records if record.name == "pipeline.tests"]) == 800


def test_threads_share_the_processes(pool: HelperPool) -> None:
    """No more than two, one of which crashes now and then."""

    def work(number: int) -> int | str:
        try:
            if number % 7 == 3:
                pool.call(calls.end_by, "SIGSEGV", **SLIDE)
            return int(pool.call(calls.double, number, **SLIDE))
        except DecoderCrash:
            return "crash"

    before = children_of(os.getpid())
    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(work, range(40)))
    assert results == ["crash" if number % 7 == 3 else 2 * number for number in range(40)]
    assert len(children_of(os.getpid()) - before) <= 2


def test_a_helper_that_died_while_it_was_idle_is_replaced(pool: HelperPool) -> None:
    pid = pool.call(calls.who, **SLIDE)
    os.kill(pid, signal.SIGKILL)
    assert comes_true(lambda: not is_running(pid))
    assert pool.call(calls.double, 4, **SLIDE) == 8


def test_a_helper_knows_the_environment_and_the_folder(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of the call, not of when it was started."""
    monkeypatch.setenv("SOME_STORE", "here")
    assert pool.call(calls.world, "SOME_STORE", **SLIDE)[:2] == ("here", os.getcwd())
    monkeypatch.setenv("SOME_STORE", "there")
    monkeypatch.chdir(tmp_path)
    assert pool.call(calls.world, "SOME_STORE", **SLIDE)[:2] == ("there", str(tmp_path))


def test_each_that_is_idle_can_be_asked(pool: HelperPool) -> None:
    """One that hangs then is ended, and the next call has another."""
    pool.call_idle(calls.who, seconds=60)
    pid = pool.call(calls.who, **SLIDE)
    pool.call_idle(calls.who, seconds=60)
    assert pool.call(calls.who, **SLIDE) == pid
    pool.call_idle(calls.count_and_hang, seconds=0.5)
    assert pool.call(calls.who, **SLIDE) != pid


def test_one_that_was_begun_serves_the_first_call(pool: HelperPool) -> None:
    before = children_of(os.getpid())
    pool.begin()
    pool.begin()
    pid = pool.call(calls.who, **SLIDE)
    assert children_of(os.getpid()) - before == {pid}
    pool.begin()
    assert pool.call(calls.who, **SLIDE) == pid


def test_a_beginning_that_fails_in_any_way_keeps_nobody_waiting(
    pool: HelperPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Here the process's folder is gone while a helper is begun, which is no error of the helper's."""
    home, gone = os.getcwd(), tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with caplog.at_level(logging.INFO):
        pool.begin()
        assert comes_true(lambda: "begin_helper" not in [thread.name for thread in threading.enumerate()])
    os.chdir(home)
    assert "FileNotFoundError" in caplog.text
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(lambda: pool.call(calls.double, 21, **SLIDE))
        try:
            assert call.result(30) == 42
        finally:
            pool.close()  # ends one that waits


def test_a_beginning_without_a_thread_keeps_nobody_waiting(pool: HelperPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller hears of it; the next call starts its own helper."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            pool.begin()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(lambda: pool.call(calls.double, 21, **SLIDE))
        try:
            assert call.result(30) == 42
        finally:
            pool.close()  # ends one that waits


def test_modules_are_imported_once_and_beam_is_none_of_them() -> None:
    helpers = HelperPool(1, preload=["pipeline.io.runs.opened"])
    try:
        assert helpers.call(calls.loaded, "pipeline.io.runs.opened", **SLIDE)
        assert not helpers.call(calls.loaded, "apache_beam", **SLIDE)
    finally:
        helpers.close()


def test_closing_ends_calls_under_way_and_those_that_wait(pool: HelperPool) -> None:
    """And no later call is begun."""
    errors: list[str] = []

    def work() -> None:
        try:
            pool.call(calls.hang, True, **SLIDE)
        except DecoderCrash as error:
            errors.append(str(error))

    before = children_of(os.getpid())
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert comes_true(lambda: len(children_of(os.getpid()) - before) == 2)
    pool.close()
    for thread in threads:
        thread.join(30)
    assert len(errors) == 4
    with pytest.raises(DecoderCrash, match="not begun"):
        pool.call(calls.who, **SLIDE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_group_are_the_parents(pool: HelperPool, number: signal.Signals) -> None:
    pid = pool.call(calls.who, **SLIDE)
    os.kill(pid, number)
    assert pool.call(calls.who, **SLIDE) == pid


PARENT = """
import os, sys, threading
from pipeline.io.isolation.pool import HelperPool
from tests.io.isolation import calls
slide = dict(about="s", uri="s", seconds=1000)
pool = HelperPool(2)
def start():  # in a thread that ends
    print(pool.call(calls.who, **slide), flush=True)
thread = threading.Thread(target=start)
thread.start()
thread.join()
{then}
"""


@pytest.mark.parametrize("holds_lock", [True, False, None])
def test_a_parent_that_is_killed_leaves_no_orphan(holds_lock: bool | None) -> None:
    """Whatever the helper does: it hangs in native code, with or without the interpreter's lock, or waits."""
    then = "sys.stdin.read()" if holds_lock is None else f"pool.call(calls.hang, {holds_lock}, **slide)"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(then=then)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.communicate()
    assert comes_true(lambda: not is_running(pid))


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """The child does not import the main module, as multiprocessing does."""
    script = tmp_path / "script.py"
    script.write_text(PARENT.format(then="print('once')"))
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines()[1:] == ["once"]
    assert done.stderr == ""


DAEMON = """
import json, multiprocessing, os
from pipeline.io.isolation.pool import HelperPool
from tests.io.isolation import calls
slide = dict(about="s", uri="s", seconds=1000)
pool = HelperPool(1)
def work(connection):
    connection.send(pool.call(calls.who, **slide))
    pool.close()
if __name__ == "__main__":
    ours = pool.call(calls.who, **slide)
    receiver, sender = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(sender,), daemon=True)
    process.start()
    theirs = receiver.recv()
    process.join()
    print(json.dumps([ours, theirs, pool.call(calls.who, **slide)]))
"""


def test_a_fork_has_helpers_of_its_own() -> None:
    """In a daemonic process too, which may have no children of multiprocessing; the parent's helper goes on."""
    done = subprocess.run(
        [sys.executable, "-c", DAEMON], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    ours, theirs, again = json.loads(done.stdout)
    assert ours == again != theirs
