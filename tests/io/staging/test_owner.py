"""A process is told from every other, and from itself when it has ended."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.io.staging.owner import Life, Owner, life_of, this_process
from tests.io.staging.owners import dead_process, elsewhere


def test_this_process_is_alive() -> None:
    here = this_process()
    assert life_of(here, here) is Life.ALIVE
    assert here.pid == os.getpid()
    assert here.boot
    assert here.started > 0


def test_one_that_has_ended_is_dead() -> None:
    assert life_of(dead_process(), this_process()) is Life.DEAD


def test_one_whose_number_another_process_has_is_dead() -> None:
    here = this_process()
    assert life_of(replace(here, started=here.started - 1), here) is Life.DEAD


def test_one_that_nobody_has_reaped_is_dead() -> None:
    """A killed child stays in the table until its parent asks for it."""
    here = this_process()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with open(f"/proc/{process.pid}/stat") as stat:
            started = int(stat.read().rpartition(")")[2].split()[19])
        owner = replace(here, pid=process.pid, started=started)
        assert life_of(owner, here) is Life.ALIVE
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert life_of(owner, here) is Life.DEAD


def test_one_that_is_elsewhere_cannot_be_told() -> None:
    dead = dead_process()
    for owner in (replace(dead, boot="another"), replace(dead, namespace="another")):
        assert life_of(owner, this_process()) is Life.UNKNOWN


def test_where_processes_cannot_be_told_nobody_is_dead() -> None:
    """A system without /proc."""
    nowhere = replace(this_process(), boot="", namespace="")
    assert life_of(replace(dead_process(), boot="", namespace=""), nowhere) is Life.UNKNOWN


def test_an_engine_that_goes_on_may_live() -> None:
    assert life_of(replace(dead_process(), detached=True), this_process()) is Life.UNKNOWN
    assert life_of(this_process(detached=True), this_process()) is Life.ALIVE


@pytest.mark.parametrize("owner", [this_process(), elsewhere()], ids=["here", "elsewhere"])
def test_a_job_that_says_that_it_has_ended_is_dead(owner: Owner) -> None:
    """Whether its process lives or not, and wherever; an engine that goes on without it may not have heard of it."""
    ended = replace(owner, ended=True)
    assert life_of(ended, this_process()) is Life.DEAD
    assert life_of(replace(ended, detached=True), this_process()) is Life.UNKNOWN


def test_what_was_written_is_read() -> None:
    for owner in (this_process(), elsewhere(), this_process(detached=True), this_process(ended=True)):
        assert Owner.from_json(owner.to_json()) == owner


def test_an_owner_that_does_not_say_whether_it_has_ended_has_not() -> None:
    """Files of a version that did not know of it."""
    text = this_process().to_json().replace(',\n "ended": false', "")
    assert "ended" not in text
    assert Owner.from_json(text) == this_process()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"schema": "slidebeam-owner-9"}', b"\xff"])
def test_what_is_no_owner_is_none(text: bytes) -> None:
    assert Owner.from_json(text) is None
