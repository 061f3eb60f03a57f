"""The whole conversion on one screen.

Straight chains fuse: their elements pass as references. What crosses the Reshuffle and the three groupings is keys
and index rows, never pixels. The graph has a single leaf and no tagged output, so that every runner can run it: kinds
of elements are told apart by type.
"""

from functools import reduce
from operator import or_

import apache_beam as beam

from pipeline.io.slide_list import SlideList
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey, RunKey, SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure, PlannedInstance, SlideOutcome, StagedRun
from pipeline.transforms.admit_slides import AdmitSlides
from pipeline.transforms.average_levels import AverageLevels
from pipeline.transforms.check_passthrough import CheckPassthrough
from pipeline.transforms.clean_up import CleanUp
from pipeline.transforms.completion import CollectComplete, count_for_instance, count_for_slide
from pipeline.transforms.encode_tiles import EncodeTiles
from pipeline.transforms.open_slides import OpenSlides
from pipeline.transforms.plan_tiles import Planned, PlanTiles
from pipeline.transforms.publish_slides import PublishSlides
from pipeline.transforms.read_slides import ReadSlides
from pipeline.transforms.read_tiles import ReadTiles
from pipeline.transforms.report_outcomes import ReportOutcomes
from pipeline.transforms.stage_frames import StageFrames
from pipeline.transforms.validate_frames import ValidateFrames
from pipeline.transforms.write_instances import WriteInstances
from pipeline.transforms.write_report import WriteReport

_JOINS = 2
"""A slide's rows are joined by instance, then by slide."""


def build_graph(
    pipeline: beam.Pipeline, slide_list: SlideList, config: ConversionConfig, job: str, wave: int | None = None
) -> beam.PCollection[str]:
    """Add the conversion of a list of slides to a pipeline and return its leaf, the URIs of the reports.

    The list is a file of the job (`pipeline.io.slide_list`). `wave` is None in a job of one wave.
    """
    names = pipeline | "SlideList" >> beam.Create([slide_list.name])
    slides = names | "ReadSlides" >> ReadSlides(slide_list.key, config, job)
    return _outcomes(slides, config, job) | "WriteReport" >> WriteReport(config, job, wave)


def build_streaming_graph(
    slides: beam.PCollection[SlideInput], config: ConversionConfig, job: str, seconds: float
) -> beam.PCollection[str]:
    """Add the conversion of slides that are announced without end and return its leaf, the URIs of their reports.

    What a slide fans out into is counted until all is there, for at most `seconds` at each of two joins.
    """
    return _outcomes(
        slides | "AdmitSlides" >> AdmitSlides(_JOINS * seconds),
        config,
        job,
        CollectComplete(count_for_instance, seconds),
        CollectComplete(count_for_slide, seconds),
    ) | "ReportOutcomes" >> ReportOutcomes(config, job)


def _outcomes(
    slides: beam.PCollection[SlideInput],
    config: ConversionConfig,
    job: str,
    group_instances: beam.PTransform | None = None,
    group_slides: beam.PTransform | None = None,
) -> beam.PCollection[SlideOutcome]:
    """Convert slides; rows are joined by the given transforms, or by a GroupByKey."""
    planned = slides | "OpenSlides" >> OpenSlides(config, job) | "PlanTiles" >> PlanTiles(config)
    written = (
        (planned | "InstanceRows" >> only(PlannedInstance), *staged_runs(planned, config, job))
        | "RunsAndRows" >> beam.Flatten()
        | "WriteInstances" >> WriteInstances(config, job, group_instances)
    )
    return (
        (planned | "SlideRows" >> only(SlidePlan, SlideOutcome, Failure), written)
        | "InstancesAndRows" >> beam.Flatten()
        | "PublishSlides" >> PublishSlides(config, job, group_slides)
        | "CleanUp" >> CleanUp(config, job)
    )


def staged_runs(
    planned: beam.PCollection[Planned], config: ConversionConfig, job: str
) -> tuple[beam.PCollection[StagedRun | Failure], beam.PCollection[StagedRun | Failure]]:
    """Spread the keys of planned slides and do their work; return the index rows of runs and of averaged levels."""
    staged = (
        planned
        | "Keys" >> only(RunKey)
        | "SpreadKeys" >> beam.Reshuffle()
        | "ReadTiles" >> ReadTiles()
        | "CheckPassthrough" >> CheckPassthrough()
        | "EncodeTiles" >> EncodeTiles()
        | "ValidateFrames" >> ValidateFrames()
        | "StageFrames" >> StageFrames(config, job)
    )
    averaged = (
        planned
        | "Chains" >> only(PyramidKey)
        | "SpreadChains" >> beam.Reshuffle()
        | "AverageLevels" >> AverageLevels(config, job)
    )
    return staged, averaged


def only(*kinds: type) -> beam.ParDo:
    """Return a filter of the elements that are of one of the kinds."""
    return beam.Filter(isinstance, kinds).with_output_types(reduce(or_, kinds))
