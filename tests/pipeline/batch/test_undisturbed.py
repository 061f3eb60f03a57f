"""A request to stop that waits."""

import os
import signal

import pytest

from pipeline.batch.undisturbed import undisturbed
from pipeline.interruption import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_comes_behind_the_block(number: signal.Signals) -> None:
    steps = []

    def work() -> None:
        with undisturbed():
            os.kill(os.getpid(), number)
            steps.append("within")
        steps.append("behind")

    with pytest.raises(KeyboardInterrupt), interruptible():
        work()
    assert steps == ["within"]


def test_an_error_does_not_hide_it() -> None:
    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise OSError("the archive is full")

    with pytest.raises(KeyboardInterrupt), interruptible(), undisturbed():
        work()


def test_without_one_all_is_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(OSError, match="full"), undisturbed():
        raise OSError("the archive is full")
    assert signal.getsignal(signal.SIGTERM) is before
