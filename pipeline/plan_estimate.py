"""The tables of a plan added up: totals, time, cost, and what would fail the job as a whole."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.io.estimates.totals import CostEstimate, TimeEstimate, estimate_cost, estimate_time
from pipeline.io.reports.json_files import write_json
from pipeline.io.reports.plan_report import plan_report
from pipeline.io.reports.plan_totals import PlanTotals
from pipeline.io.reports.plan_write import read_instance_rows, read_slide_rows
from pipeline.io.sources.scenes import split_scene_id
from pipeline.io.storage.address import is_address
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.figures import bytes_text
from pipeline.model.forecast import Would
from pipeline.model.keys import SlideInput
from pipeline.model.rates import Prices, Rates
from pipeline.waves import waves_of


@dataclass(frozen=True, slots=True)
class MadePlan:
    """The tables of a plan, written, and what they are of."""

    job: str
    config: ConversionConfig
    slides: Sequence[SlideInput]
    parts: tuple[int | None, ...]
    is_remote: bool
    """The engine is elsewhere, which has a say in the waves."""
    refusals: tuple[str, ...] = ()
    """For which a conversion would not begin."""


def reported_plan(
    made: MadePlan, rates: Rates, prices: Prices | None, *, cores: int, shown_rows: int
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """Add up the tables of a plan, write its report, and return it with the first rows of the slides' table."""
    config, store = made.config, open_store(made.config.output, made.job)
    totals, shown, waves = PlanTotals(), list[dict[str, Any]](), _wave_numbers(made, store)
    for part in made.parts:
        for row in read_slide_rows(store, part):
            totals.add_slide(row, waves.get(_file_id(row["slide_id"], waves), 1))
            if len(shown) < shown_rows:
                shown.append(row)
        for row in read_instance_rows(store, part):
            totals.add_instance(row)
    time = estimate_time(totals.cpu_seconds, cores=cores, waves=len(totals.waves), rates=rates)
    cost = None if prices is None else _cost(made, totals, time, prices)
    free = store.free_bytes()
    report = plan_report(
        totals,
        config,
        made.job,
        time=time,
        cost=cost,
        rates=rates,
        prices=prices,
        free_bytes=free,
        job_problems=[*made.refusals, *_job_problems(totals, free, config.output)],
        parts=len(made.parts),
    )
    write_json(store, f"{made.job}/plan.json", report)
    return report, tuple(shown)


def _cost(made: MadePlan, totals: PlanTotals, time: TimeEstimate, prices: Prices) -> CostEstimate:
    """Return the cost: requests count where the output is in a store of objects, reading where slides are."""
    to_objects = is_address(made.config.output)
    return estimate_cost(
        time,
        prices,
        output_bytes=totals.sums["file_bytes"],
        read_bytes=totals.sums["source_bytes"] if any(is_address(slide.uri) for slide in made.slides) else 0,
        writes=totals.sums["writes"] if to_objects else 0,
        reads=totals.sums["reads"] if to_objects else 0,
    )


def _wave_numbers(made: MadePlan, store: OutputStore) -> dict[str, int]:
    """Return the wave of each slide that would be in one: as in a job, those that are finished are in none."""
    given = {slide.slide_id for slide in made.slides}
    begun = {
        _file_id(row["slide_id"], given)
        for part in made.parts
        for row in read_slide_rows(store, part)
        if row["would"] != Would.SKIP
    }
    slides = [slide for slide in made.slides if slide.slide_id in begun]
    waves = waves_of(slides, made.config, store, remote=made.is_remote)
    return {slide.slide_id: number for number, wave in enumerate(waves, 1) for slide in wave}


def _file_id(slide_id: str, given: Container[str]) -> str:
    """Return the name under which a row's slide was given: its own, or that of the file whose scene it is."""
    return slide_id if slide_id in given else split_scene_id(slide_id)[0]


def _job_problems(totals: PlanTotals, free: int | None, output: str) -> list[str]:
    """Return what would fail the job as a whole, though each slide could be converted."""
    staged = max(totals.waves.values(), default=0)
    needed = totals.needed_bytes
    if free is None or needed <= free:
        return []
    return [
        f"{output} has {bytes_text(free)} left, and some {bytes_text(needed)} are needed: {bytes_text(staged)} of them "
        "in the staging area, at the most; make room, name another --output, or convert in two jobs"
    ]
