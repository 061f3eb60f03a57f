"""What fails for a moment is done again, what fails for good is not."""

import pytest

from pipeline.model.errors import SourceError, StorageError
from pipeline.transforms import retries
from pipeline.transforms.retries import retried


class Failing:
    """Fails some times before it succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, value: int) -> int:
        """Count the call, and raise the next error if there is one left."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return value


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_WAITS", (0.0, 0.0, 0.0))


def away() -> StorageError:
    return StorageError("the store is away", transient=True)


def test_a_store_that_comes_back_is_asked_again() -> None:
    function = Failing(away(), away(), away())
    assert retried(function, 7) == 7
    assert function.calls == 4


def test_a_store_that_stays_away_is_told() -> None:
    function = Failing(*(away() for _ in range(9)))
    with pytest.raises(StorageError, match="away"):
        retried(function, 7)
    assert function.calls == 4


@pytest.mark.parametrize("error", [StorageError("the disk is full"), SourceError("it is no slide")])
def test_what_stays_is_not_tried_again(error: Exception) -> None:
    function = Failing(error)
    with pytest.raises(type(error)):
        retried(function, 7)
    assert function.calls == 1
