"""PlanReport: what OpenSlides found out of each slide -> forecasts -> the tables of a plan.

Behind OpenSlides in the place of all that converts: the same opening, planning and look at the output, and then nothing
but arithmetic. A slide that would fail there fails here, with the same words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline.io.deidentification.names import without_sources
from pipeline.io.estimates.slide import forecast_instances
from pipeline.io.planning.codecs import check_codecs_of
from pipeline.io.reports.plan_write import write_plan_tables
from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.address import is_address
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import OutputExists
from pipeline.model.forecast import ZERO, CpuSeconds, SlideForecast, Would, summed
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.rates import Rates
from pipeline.model.records import Failure, SlideOutcome, Status
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.open_slides import Opened
from pipeline.transforms.process import OPENED
from pipeline.transforms.retries import retried

_WOULD = {Action.CONVERT: Would.CONVERT, Action.FINISH: Would.FINISH, Action.SKIP: Would.SKIP}


class ForecastSlides(beam.PTransform):
    """Say of each slide what would become of it."""

    def __init__(self, config: ConversionConfig, rates: Rates) -> None:
        super().__init__()
        self._config = config
        self._rates = rates

    def expand(self, slides: beam.PCollection[Opened]) -> beam.PCollection[SlideForecast]:
        """Map plans, slides that are finished, and failures to forecasts."""
        return slides | "ForecastSlide" >> beam.ParDo(_ForecastSlide(self._config, self._rates))


class WritePlan(beam.PTransform):
    """Write the tables of a plan, or of one part of it; the graph's only leaf: their URIs."""

    def __init__(self, config: ConversionConfig, job: str, part: int | None) -> None:
        super().__init__()
        self._config = config
        self._job = job
        self._part = part

    def expand(self, forecasts: beam.PCollection[SlideForecast]) -> beam.PCollection[str]:
        """Gather forecasts and write."""
        return (
            forecasts
            | "KeyByJob" >> beam.Map(_keyed)
            | "GroupByJob" >> beam.GroupByKey()
            | "WriteTables" >> beam.FlatMap(_write, self._config, self._job, self._part)
        )


class _ForecastSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, rates: Rates) -> None:
        self._config = config
        self._rates = rates

    def process(self, element: Opened) -> Iterator[SlideForecast]:
        forecast = self._forecast(element)
        BOARD.slide_done(forecast.slide_id, Status.FAILED if forecast.would.is_problem else Status.SKIPPED)
        yield forecast

    def _forecast(self, element: Opened) -> SlideForecast:
        if isinstance(element, Failure):
            return self._failed(element)
        if isinstance(element, SlideOutcome):
            return SlideForecast(slide_id=element.slide_id, uri=self._named(element).uri, would=Would.SKIP)
        if element.action is not Action.CONVERT:
            return self._planned(element)
        try:
            return retried(self._converted, element)
        except Exception as error:
            return self._failed(dead_letter(error, "ForecastSlides", element, self._config))

    def _converted(self, plan: SlidePlan) -> SlideForecast:
        with OPENED.lease(plan.slide, self._config, plan.fingerprint) as opened:
            check_codecs_of(opened.plan, opened.source.describe().images)
            instances, cpu = forecast_instances(
                opened, plan.slide.bytes, self._rates, objects=is_address(self._config.output)
            )
            is_fetched = is_address(plan.uri) and not is_address(opened.source.uri)
        files = summed(instance.file_bytes for instance in instances)
        return replace(
            self._planned(plan),
            instances=instances,
            cpu=cpu,
            cached_bytes=plan.slide.bytes if is_fetched else 0,
            fetched_bytes=files if self._config.validate_output and is_address(self._config.output) else ZERO,
        )

    def _planned(self, plan: SlidePlan) -> SlideForecast:
        outcome = SlideOutcome(uri=plan.uri, slide_id=plan.slide_id, status=Status.SKIPPED, plan=plan)
        named = self._named(outcome)
        return SlideForecast(
            slide_id=plan.slide_id,
            uri=named.uri,
            would=_WOULD[plan.action],
            format=plan.format,
            source_bytes=plan.slide.bytes,
            warnings=named.plan.warnings if named.plan else (),
        )

    def _failed(self, failure: Failure) -> SlideForecast:
        outcome = SlideOutcome(uri=failure.uri, slide_id=failure.slide_id, status=Status.FAILED, failures=(failure,))
        named = self._named(outcome).failures[0]
        return SlideForecast(
            slide_id=named.slide_id,
            uri=named.uri,
            would=Would.REFUSE if named.error_class == OutputExists.__name__ else Would.FAIL,
            cpu=CpuSeconds(),
            error_class=named.error_class,
            problem=named.message,
            reproduce=named.reproduce,
        )

    def _named(self, outcome: SlideOutcome) -> SlideOutcome:
        """Return the outcome as reports may tell it: without the source's name where slides are de-identified."""
        return without_sources([outcome], self._config)[0]


def _keyed(forecast: SlideForecast) -> tuple[str, SlideForecast]:
    return "job", forecast


def _write(
    group: tuple[str, Iterable[SlideForecast]], config: ConversionConfig, job: str, part: int | None
) -> tuple[str, ...]:
    return write_plan_tables(list(group[1]), config.output, job, part)
