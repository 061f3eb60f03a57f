"""A dry run: what a conversion with the same arguments would do, what it would take, and what stands in its way.

Headers and tile indexes are read, and the output's records are looked at; written is `_reports/<job>/` of the output,
and nothing else. The folder of the output is made for that if need be: the plan belongs to it. What would become of a
slide is decided by the code that a conversion decides with.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.beam_import import import_beam
from pipeline.input_checks import check_job
from pipeline.interruption import interruptible
from pipeline.job import job_name
from pipeline.model.config import ConversionConfig
from pipeline.model.cores import usable_cores
from pipeline.model.keys import SlideInput
from pipeline.model.rates import Prices, Rates

_SLIDES_AT_ONCE = 5000
"""Of one execution of the graph, which holds the list of its slides and gathers a row of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedPlan:
    """A plan that was made."""

    name: str
    config: ConversionConfig
    report: dict[str, Any]
    """As `pipeline.io.reports.plan_report` writes it."""
    rows: tuple[dict[str, Any], ...]
    """The first rows of `plan-slides.parquet`, to be shown."""

    @property
    def reports(self) -> str:
        """Folder of the plan's files."""
        return f"{self.config.output}/_reports/{self.name}"

    @property
    def has_problems(self) -> bool:
        """Whether anything would fail."""
        return bool(self.report["problems"] or self.report["job_problems"])


def plan_job(
    inputs: Sequence[SlideInput],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    rates: Rates,
    prices: Prices | None = None,
    cores: int | None = None,
    shown_rows: int = 0,
    refusals: Sequence[str] = (),
    own_process: bool = False,
) -> FinishedPlan:
    """Plan the conversion of slides; those that would fail are in the report and raise nothing.

    `cores` are those of the machines that will convert, by default this one's. `refusals` say why a conversion would
    not begin at all, as far as the caller knows.

    Raises what a conversion raises before its first slide: ConfigError, StorageError and CodecError.
    """
    check_job(inputs, config)
    name, config = job_name(), replace(config, crosswalk="")
    with interruptible() as interruption:
        import_beam()
        if own_process:
            gc.freeze()
        from pipeline.io.deidentification.names import renamed
        from pipeline.io.sources.stamp import all_stamped
        from pipeline.job_work import traits_of
        from pipeline.plan_estimate import MadePlan, reported_plan
        from pipeline.preflight import check_ready
        from pipeline.transforms.isolation import begin_header_helper

        interruption.check()
        begin_header_helper(config, len(inputs))
        traits = traits_of(beam_arguments)
        check_ready(inputs, config, name)
        slides = renamed(all_stamped(inputs), config)
        parts = [slides[at : at + _SLIDES_AT_ONCE] for at in range(0, len(slides), _SLIDES_AT_ONCE)]
        numbers = [None] if len(parts) == 1 else list(range(1, len(parts) + 1))
        for part, number in zip(parts, numbers, strict=True):
            interruption.check()
            run_plan(part, config, beam_arguments, rates=rates, job=name, part=number)
        made = MadePlan(name, config, slides, tuple(numbers), not traits.starts_in_seconds, tuple(refusals))
        report, rows = reported_plan(made, rates, prices, cores=cores or usable_cores(), shown_rows=shown_rows)
    return FinishedPlan(name=name, config=config, report=report, rows=rows)


def run_plan(
    slides: Sequence[SlideInput],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    rates: Rates,
    job: str,
    part: int | None = None,
) -> None:
    """Run the graph of a plan, or of a part of it, on the engine that the arguments name. Raises StorageError."""
    from pipeline.beam_options import beam_options
    from pipeline.engines.choice import new_pipeline
    from pipeline.model.errors import StorageError
    from pipeline.plan_graph import build_plan_graph
    from pipeline.transforms.isolation import end_helpers, isolated
    from pipeline.transforms.process import OPENED

    options = beam_options(beam_arguments)
    pipeline = new_pipeline(options)
    build_plan_graph(pipeline, slides, isolated(config, len(slides)), rates, job, part)
    try:
        pipeline.run().wait_until_finish()
    except BaseException as error:
        end_helpers()  # what hangs in one of them would keep this process from its end
        if not isinstance(error, Exception):
            raise
        raise StorageError(f"the plan could not be made: {error}", uri=config.output) from error
    finally:
        OPENED.close()
