"""Group rows by key on a stream, where nothing says that all have come: counted against what was planned.

A GroupByKey waits for the end of its input, which a stream has not; Beam refuses one in an unbounded global window. So
a stateful DoFn keeps the rows of a key until what its plan row announces is there, and lets them go as one group, the
same that a GroupByKey would make. A failure ends the group at once. What does not come in time ends it with a failure,
which leads to the dead letters.

What comes after the end is dropped: a group that has ended is remembered for half as long again as it may take. A late
row would else begin a second group of the key, whose failure would contradict what was published. It is forgotten
before AdmitSlides lets a newer writing of the slide in, whose rows have the same keys. Both timers are set with the
first row: not every engine can set one when another fires.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer

from pipeline.model.errors import Incomplete
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import Failure, PlannedInstance, SlideOutcome, StagedRun, WrittenInstance

_REMEMBERED = 1.5
"""Times what a group may take, from its first row on. AdmitSlides waits for twice that long, from before that row."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a row says of its group."""

    expected: int | None = None
    """Of a plan row: how much belongs to the group."""
    arrived: int = 0
    """Of another row: how much of it this is."""
    ends: bool = False
    """Nothing that still may come changes how the group ends."""


def count_for_instance(row: PlannedInstance | StagedRun | Failure) -> Count:
    """Count the frames of an instance."""
    if isinstance(row, PlannedInstance):
        return Count(expected=row.frames)
    return Count(arrived=row.frames) if isinstance(row, StagedRun) else Count(ends=True)


def count_for_slide(row: SlidePlan | SlideOutcome | WrittenInstance | Failure) -> Count:
    """Count the instances of a slide."""
    if isinstance(row, SlidePlan):
        return Count(expected=len(row.instances) if row.action is Action.CONVERT else 0)
    return Count(arrived=1) if isinstance(row, WrittenInstance) else Count(ends=True)


class CollectComplete(beam.PTransform):
    """In the place of a GroupByKey: (key, row) -> (key, rows), each key once."""

    def __init__(self, count: Callable[[Any], Count], seconds: float) -> None:
        """Take how a row counts, and how long to wait for a group from its first row on."""
        super().__init__()
        self._count = count
        self._seconds = seconds

    def expand(self, rows: beam.PCollection[tuple[str, Any]]) -> beam.PCollection[tuple[str, list[Any]]]:
        """Collect by key."""
        return rows | "CollectRows" >> beam.ParDo(_Collect(self._count, self._seconds))


@dataclass(frozen=True, slots=True)
class _Tally:
    expected: int | None = None
    arrived: int = 0
    ended: bool = False

    def plus(self, count: Count) -> "_Tally":
        expected = self.expected if count.expected is None else count.expected
        arrived = self.arrived + count.arrived
        return _Tally(expected, arrived, count.ends or (expected is not None and arrived >= expected))


class _Collect(beam.DoFn):
    ROWS = BagStateSpec("rows", PickleCoder())
    TALLY = ReadModifyWriteStateSpec("tally", PickleCoder())
    TOO_LATE = TimerSpec("too late", TimeDomain.REAL_TIME)
    FORGOTTEN = TimerSpec("forgotten", TimeDomain.REAL_TIME)

    def __init__(self, count: Callable[[Any], Count], seconds: float) -> None:
        self._count = count
        self._seconds = seconds

    def process(
        self,
        element: tuple[str, Any],
        rows: Any = beam.DoFn.StateParam(ROWS),  # noqa: B008  how Beam passes state
        tally: Any = beam.DoFn.StateParam(TALLY),  # noqa: B008
        too_late: Any = beam.DoFn.TimerParam(TOO_LATE),  # noqa: B008
        forgotten: Any = beam.DoFn.TimerParam(FORGOTTEN),  # noqa: B008
    ) -> Iterator[tuple[str, list[Any]]]:
        key, row = element
        before = tally.read()
        if before is None:
            now = time.time()
            too_late.set(now + self._seconds)
            forgotten.set(now + _REMEMBERED * self._seconds)
            before = _Tally()
        if before.ended:
            return
        after = before.plus(self._count(row))
        tally.write(after)
        if after.ended:
            yield key, [*rows.read(), row]
            rows.clear()
        else:
            rows.add(row)

    @on_timer(TOO_LATE)
    def give_up(
        self,
        key: Any = beam.DoFn.KeyParam,
        rows: Any = beam.DoFn.StateParam(ROWS),  # noqa: B008
        tally: Any = beam.DoFn.StateParam(TALLY),  # noqa: B008
    ) -> Iterator[tuple[str, list[Any]]]:
        yield from self._ended(key, rows, tally)

    @on_timer(FORGOTTEN)
    def forget(
        self,
        key: Any = beam.DoFn.KeyParam,
        rows: Any = beam.DoFn.StateParam(ROWS),  # noqa: B008
        tally: Any = beam.DoFn.StateParam(TALLY),  # noqa: B008
    ) -> Iterator[tuple[str, list[Any]]]:
        yield from self._ended(key, rows, tally)  # timers that are both overdue fire in any order
        tally.clear()

    def _ended(self, key: str, rows: Any, tally: Any) -> Iterator[tuple[str, list[Any]]]:
        waited = tally.read()
        if waited is None or waited.ended:
            return
        found = list(rows.read())
        yield key, [*found, _incomplete(found, waited, self._seconds)]
        rows.clear()
        tally.write(replace(waited, ended=True))


def _incomplete(rows: list[Any], tally: _Tally, seconds: float) -> Failure:
    first, plan = rows[0], next((row for row in rows if isinstance(row, PlannedInstance | SlidePlan)), None)
    of_instance = isinstance(first, PlannedInstance | StagedRun)
    of = "frames" if of_instance else "instances"
    came = f"{tally.arrived} {of} and no plan" if plan is None else f"{tally.arrived} of {tally.expected} {of}"
    return Failure(
        uri=first.slide_id if plan is None else plan.uri,
        slide_id=first.slide_id,
        stage="CollectComplete",
        level=None,
        frame=None,
        error_class=Incomplete.__name__,
        message=f"{first.slide_id}: {came} came within {seconds:g} s; its file is to be announced again, or "
        "--completion-timeout raised",
        reproduce="",
        instance=first.instance if of_instance else "",
    )
