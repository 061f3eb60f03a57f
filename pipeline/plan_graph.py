"""The dry run on one screen: the planning part of the conversion's graph, and forecasts in the place of the rest."""

from collections.abc import Sequence

import apache_beam as beam

from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.rates import Rates
from pipeline.transforms.open_slides import OpenSlides
from pipeline.transforms.plan_report import ForecastSlides, WritePlan


def build_plan_graph(
    pipeline: beam.Pipeline,
    slides: Sequence[SlideInput],
    config: ConversionConfig,
    rates: Rates,
    job: str,
    part: int | None = None,
) -> beam.PCollection[str]:
    """Add the planning of slides to a pipeline and return its leaf, the URIs of the tables.

    The slides are in the graph, since a plan writes nothing that workers could read them from; so a plan of many is
    made in parts, and `part` is None where there is one.
    """
    tables: beam.PCollection[str] = (
        pipeline
        | "Slides" >> beam.Create(slides)  # reshuffles what it creates
        | "OpenSlides" >> OpenSlides(config, job)
        | "ForecastSlides" >> ForecastSlides(config, rates)
        | "WritePlan" >> WritePlan(config, job, part)
    )
    return tables
