"""Beam's counters and distributions on dask: workers tell the scheduler after each bundle, the launcher asks for all.

Told is what was attempted: a bundle that dask repeats, because a worker was lost, counts again.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from apache_beam.metrics.cells import DistributionData, DistributionResult
from apache_beam.metrics.execution import MetricKey, MetricResult, MetricsContainer
from apache_beam.metrics.metric import MetricResults, MetricsFilter
from apache_beam.metrics.metricbase import MetricName
from apache_beam.runners.worker import statesampler
from apache_beam.utils.counters import CounterFactory
from dask.distributed import get_worker

Told = list[tuple[str, str, list[int]]]
"""Namespace, name, and the value of a counter, or sum, count, least and most of a distribution."""


@contextmanager
def told_to_scheduler(topic: str, step: str) -> Iterator[None]:
    """Let what the block counts be counted for a step, and tell the scheduler when it has ended well."""
    container = MetricsContainer(step)
    sampler = statesampler.StateSampler("", CounterFactory())
    statesampler.set_current_tracker(sampler)
    try:
        with sampler.scoped_state(step, "process", metrics_container=container):
            yield
    finally:
        statesampler.set_current_tracker(None)
    updates = container.get_cumulative()
    told: Told = [(key.metric.namespace, key.metric.name, [value]) for key, value in updates.counters.items()]
    for key, data in updates.distributions.items():
        told.append((key.metric.namespace, key.metric.name, [data.sum, data.count, data.min, data.max]))
    if told:
        get_worker().log_event(topic, {"step": step, "metrics": told})


class DaskMetrics(MetricResults):
    """What the workers of a job have told."""

    def __init__(self, events: Iterable[dict[str, Any]]) -> None:
        super().__init__()
        self._counters: dict[MetricKey, int] = {}
        self._distributions: dict[MetricKey, DistributionData] = {}
        for event in events:
            for namespace, name, values in event["metrics"]:
                self._add(MetricKey(event["step"], MetricName(namespace, name)), values)

    def query(self, filter: MetricsFilter | None = None) -> dict[str, list[MetricResult]]:
        """Return what a filter matches; nothing is committed, all was attempted."""
        counters = [
            MetricResult(key, None, value) for key, value in self._counters.items() if self.matches(filter, key)
        ]
        distributions = [
            MetricResult(key, None, DistributionResult(data))
            for key, data in self._distributions.items()
            if self.matches(filter, key)
        ]
        return {self.COUNTERS: counters, self.DISTRIBUTIONS: distributions, self.GAUGES: [], self.STRINGSETS: []}

    def _add(self, key: MetricKey, values: list[int]) -> None:
        if len(values) == 1:
            self._counters[key] = self._counters.get(key, 0) + values[0]
        else:
            data = DistributionData(*values)
            before = self._distributions.get(key)
            self._distributions[key] = before.combine(data) if before is not None else data
