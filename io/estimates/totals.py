"""From the figures of all slides to time and cost.

Work is spread over the cores run by run, so that a slide does not hold up the others: wall time is processor time over
cores, and what the start of the job and of each wave takes beside it. One thing is not spread: averaging a pyramid,
which one core does for a slide.
"""

from dataclasses import dataclass

from pipeline.model.rates import Prices, Rates

_GB = 1e9
_REQUESTS = 10_000
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEstimate:
    """Of a whole job."""

    cores: int
    waves: int
    cpu_seconds: float
    overhead_seconds: float
    """Wall time in which cores wait: start of the job and of its waves."""

    @property
    def wall_seconds(self) -> float:
        """From the command to its end."""
        return self.cpu_seconds / self.cores + self.overhead_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """Of a whole job, in the currency of the prices."""

    currency: str
    vcpu: float
    """All cores for the wall time, whether they work or wait."""
    storage: float
    """Of the output, for the months that the prices say."""
    requests: float
    reading: float
    """Sources read from a store."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.vcpu + self.storage + self.requests + self.reading


def estimate_time(cpu_seconds: float, *, cores: int, waves: int, rates: Rates) -> TimeEstimate:
    """Return the time of a job whose slides take so much; there are no waves where there is nothing to convert."""
    if not waves:
        return TimeEstimate(cores=cores, waves=0, cpu_seconds=0.0, overhead_seconds=rates.start_seconds)
    return TimeEstimate(
        cores=cores,
        waves=waves,
        cpu_seconds=cpu_seconds + rates.job_seconds,
        overhead_seconds=rates.start_seconds + (waves - 1) * rates.wave_seconds,
    )


def estimate_cost(
    time: TimeEstimate, prices: Prices, *, output_bytes: float, read_bytes: float, writes: int, reads: int
) -> CostEstimate:
    """Return the cost; bytes read, writes and reads are those of a store of objects, 0 on a disk."""
    return CostEstimate(
        currency=prices.currency,
        vcpu=time.cores * time.wall_seconds / _HOUR * prices.vcpu_hour,
        storage=output_bytes / _GB * prices.storage_gb_month * prices.months,
        requests=writes / _REQUESTS * prices.writes_10000 + reads / _REQUESTS * prices.reads_10000,
        reading=read_bytes / _GB * prices.read_gb,
    )
