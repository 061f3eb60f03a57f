"""The pool of a process bounds how many runs are under way, whoever hands them in, and whatever becomes of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.transforms.process import RunPool, run_pool


def test_no_more_runs_are_under_way_than_the_budget_allows() -> None:
    pool = RunPool(2)
    gate, lock = threading.Event(), threading.Lock()
    submitted: list[int] = []
    running: list[int] = []

    def work(number: int) -> int:
        with lock:
            running.append(number)
        gate.wait(10)
        return number

    def submit() -> list[int]:
        futures = []
        for number in range(12):
            futures.append(pool.submit(1, work, number))
            submitted.append(number)
        return [future.result() for future in futures]

    with ThreadPoolExecutor(1) as caller:
        results = caller.submit(submit)
        while len(submitted) < pool.in_flight:
            assert not results.done()
        assert len(submitted) == pool.in_flight
        assert len(running) <= 2
        gate.set()
        assert results.result(10) == list(range(12))


def test_what_a_run_raises_comes_out_and_frees_its_place() -> None:
    pool = RunPool(1)

    def fail(number: int) -> None:
        raise ValueError(f"run {number}")

    for number in range(10 * pool.in_flight):
        with pytest.raises(ValueError, match=f"run {number}"):
            pool.submit(1, fail, number).result(10)


def test_several_harness_threads_share_it() -> None:
    pool = RunPool(2)

    def harness(name: int) -> int:
        futures = [pool.submit(1, pow, name, 2) for _ in range(50)]
        return sum(future.result(10) for future in futures)

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(harness, range(6))) == [50 * name * name for name in range(6)]


def test_large_runs_wait_for_room() -> None:
    """Memory is bounded in bytes, not in runs; one that is larger than the whole budget goes alone."""
    pool = RunPool(4)
    gate, lock = threading.Event(), threading.Lock()
    submitted: list[int] = []

    def submit() -> list[int]:
        futures = []
        for size in (40 << 20, 40 << 20, 1 << 30):
            futures.append(pool.submit(size, gate.wait, 10))
            with lock:
                submitted.append(size)
        return [future.result() for future in futures]

    with ThreadPoolExecutor(1) as caller:
        results = caller.submit(submit)
        while not submitted:
            assert not results.done()
        assert submitted == [40 << 20]
        gate.set()
        assert results.result(10) == [True] * 3


def test_a_process_has_one_of_a_size() -> None:
    assert run_pool(2) is run_pool(2)
    assert run_pool(3) is not run_pool(2)
