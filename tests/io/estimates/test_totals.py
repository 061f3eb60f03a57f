"""Time and cost are sums that can be done by hand."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.configs.estimate_files import load_rates
from pipeline.io.estimates.totals import estimate_cost, estimate_time
from pipeline.model.forecast import ZERO, CpuSeconds, Span, summed
from pipeline.model.rates import Prices

RATES = dataclasses.replace(load_rates(), job_seconds=2.0, start_seconds=10.0, wave_seconds=3.0)
PRICES = Prices(
    currency="EUR", vcpu_hour=0.1, storage_gb_month=0.02, writes_10000=0.5, reads_10000=0.04, read_gb=0.1, months=6
)
spans = st.tuples(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12)).map(
    lambda values: Span(*map(float, sorted(values)))
)


def test_time_is_work_over_cores_and_waiting() -> None:
    time = estimate_time(3600.0, cores=4, waves=3, rates=RATES)
    assert time.wall_seconds == pytest.approx(3602 / 4 + 10 + 2 * 3)


def test_nothing_to_convert_takes_the_start_alone() -> None:
    assert estimate_time(0.0, cores=4, waves=0, rates=RATES).wall_seconds == 10.0


def test_cost_is_cores_storage_requests_and_reading() -> None:
    time = estimate_time(7198.0, cores=1, waves=1, rates=RATES)
    cost = estimate_cost(time, PRICES, output_bytes=50e9, read_bytes=20e9, writes=40_000, reads=10_000)
    assert cost.vcpu == pytest.approx(0.1 * 7210 / 3600)
    assert cost.storage == pytest.approx(50 * 0.02 * 6)
    assert cost.requests == pytest.approx(4 * 0.5 + 0.04)
    assert cost.reading == pytest.approx(2.0)
    assert cost.total == pytest.approx(cost.vcpu + 6 + 2.04 + 2.0)


@given(st.lists(spans))
def test_bounds_add_up(parts: list[Span]) -> None:
    total = summed(parts)
    assert total == Span(*(sum(part[place] for part in parts) for place in range(3)))
    assert total.low <= total.likely <= total.high
    assert ZERO.plus(total) == total


@given(st.floats(1, 1e12), st.floats(1, 100), st.floats(0, 1e12))
def test_bounds_stand_around_what_is_likely(likely: float, spread: float, most: float) -> None:
    span = Span.around(likely, spread)
    assert span.low <= span.likely <= span.high
    held = span.at_most(most)
    assert held.low <= held.likely <= held.high <= most
    assert Span.of(likely).is_exact


def test_processor_time_adds_up_by_what_it_is_spent_on() -> None:
    one = CpuSeconds(passing=1, decode=2, encode=4, check=8, fixed=16)
    assert one.plus(one) == CpuSeconds(passing=2, decode=4, encode=8, check=16, fixed=32)
    assert one.total == 31
