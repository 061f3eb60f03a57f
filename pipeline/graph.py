"""The whole conversion on one screen.

Straight chains fuse: their elements pass as references. What crosses the Reshuffle and the three groupings is keys
and index rows, never pixels. The graph has a single leaf and no tagged output, so that every runner can run it: kinds
of elements are told apart by type.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import apache_beam as beam

from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey, RunKey, SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure, PlannedInstance, SlideOutcome
from pipeline.transforms.average_levels import AverageLevels
from pipeline.transforms.check_passthrough import CheckPassthrough
from pipeline.transforms.clean_up import CleanUp
from pipeline.transforms.encode_tiles import EncodeTiles
from pipeline.transforms.open_slides import OpenSlides
from pipeline.transforms.plan_tiles import PlanTiles
from pipeline.transforms.publish_slides import PublishSlides
from pipeline.transforms.read_tiles import ReadTiles
from pipeline.transforms.stage_frames import StageFrames
from pipeline.transforms.validate_frames import ValidateFrames
from pipeline.transforms.write_instances import WriteInstances
from pipeline.transforms.write_report import WriteReport


def build_graph(
    pipeline: beam.Pipeline, slides: Sequence[SlideInput], config: ConversionConfig, job: str
) -> beam.PCollection[str]:
    """Add the conversion of slides to a pipeline and return its leaf, the URIs of the reports."""
    planned = (
        pipeline
        | "Slides" >> beam.Create(slides)  # reshuffles what it creates
        | "OpenSlides" >> OpenSlides(config, job)
        | "PlanTiles" >> PlanTiles(config)
    )
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
    written = (
        (planned | "InstanceRows" >> only(PlannedInstance), staged, averaged)
        | "RunsAndRows" >> beam.Flatten()
        | "WriteInstances" >> WriteInstances(config, job)
    )
    return (
        (planned | "SlideRows" >> only(SlidePlan, SlideOutcome, Failure), written)
        | "InstancesAndRows" >> beam.Flatten()
        | "PublishSlides" >> PublishSlides(config, job)
        | "CleanUp" >> CleanUp(config, job)
        | "WriteReport" >> WriteReport(config, job)
    )


def only(*kinds: type) -> beam.ParDo:
    """Return a filter of the elements that are of one of the kinds."""
    return beam.Filter(isinstance, kinds).with_output_types(reduce(or_, kinds))
