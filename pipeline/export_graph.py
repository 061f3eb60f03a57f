"""The whole export to TIFF on one screen: the conversion's stages, but for what is written out of them.

A slide's levels are one file, so there is one join, by slide.
"""

import apache_beam as beam

from pipeline.graph import only, staged_runs
from pipeline.io.slide_list import SlideList
from pipeline.model.config import ConversionConfig
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure
from pipeline.model.tiff_export import TiffExportConfig
from pipeline.transforms.admit_tiffs import AdmitTiffs, begun
from pipeline.transforms.open_slides import OpenSlides
from pipeline.transforms.plan_tiles import PlanTiles
from pipeline.transforms.read_slides import ReadSlides
from pipeline.transforms.report_tiffs import ReportTiffs
from pipeline.transforms.write_tiffs import WriteTiffs


def build_export_graph(
    pipeline: beam.Pipeline, slide_list: SlideList, export: TiffExportConfig, config: ConversionConfig, job: str
) -> beam.PCollection[str]:
    """Add the export of a list of slides to a pipeline and return its leaf.

    `config` is that of `pipeline.io.tiff.planning`; the list is a file of the job (`pipeline.io.slide_list`).
    """
    names = pipeline | "SlideList" >> beam.Create([slide_list.name])
    admitted = (
        names
        | "ReadSlides" >> ReadSlides(slide_list.key, config, job)
        | "OpenSlides" >> OpenSlides(config, job)
        | "AdmitTiffs" >> AdmitTiffs(export, config)
    )
    planned = admitted | "PlanTiles" >> PlanTiles(config)
    times = admitted | "Plans" >> only(SlidePlan) | "Begun" >> beam.Map(begun)
    leaf: beam.PCollection[str] = (
        (planned | "SlideRows" >> only(SlidePlan, Failure), times, *staged_runs(planned, config, job))
        | "RunsAndRows" >> beam.Flatten()
        | "WriteTiffs" >> WriteTiffs(export, config, job)
        | "ReportTiffs" >> ReportTiffs(config.output, job)
    )
    return leaf
