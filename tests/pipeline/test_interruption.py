"""Ctrl-C, wherever it arrives."""

import contextlib
import logging
import os
import signal
import threading

import pytest

from pipeline.interruption import Interruption, interruptible


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_what_a_runner_makes_of_it_is_undone() -> None:
    def runner() -> None:
        try:
            press_ctrl_c()
        except KeyboardInterrupt as interrupt:
            raise RuntimeError("KeyboardInterrupt [while running 'StageRun']") from interrupt

    with pytest.raises(KeyboardInterrupt), interruptible():
        runner()


def test_one_that_was_swallowed_can_be_asked_for() -> None:
    def work(interruption: Interruption) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            press_ctrl_c()
        interruption.check()

    with pytest.raises(KeyboardInterrupt), interruptible() as interruption:
        work(interruption)


def test_other_errors_are_themselves() -> None:
    def work(interruption: Interruption) -> None:
        interruption.check()
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"), interruptible() as interruption:
        work(interruption)


def test_all_is_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT), logging.root.manager.disable
    with pytest.raises(KeyboardInterrupt), interruptible():
        press_ctrl_c()
    assert (signal.getsignal(signal.SIGINT), logging.root.manager.disable) == before


def test_other_threads_may_use_it_too() -> None:
    seen: list[bool] = []

    def work() -> None:
        with interruptible() as interruption:
            seen.append(interruption.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_scheduler_that_stops_the_job_is_like_ctrl_c(number: signal.Signals) -> None:
    """Otherwise the process would end at once and leave what it had staged."""
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible() as interruption:
        os.kill(os.getpid(), number)
    assert interruption.requested
    assert signal.getsignal(number) == before
