"""AdmitTiffs: a planned slide goes on if its TIFF may stand where it goes; else it is a failure."""

import os
import time
from collections.abc import Iterator

import apache_beam as beam

from pipeline.io.storage.address import is_address
from pipeline.io.storage.one_file import stands
from pipeline.io.tiff.places import tiff_uri
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import OutputExists
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure, SlideOutcome
from pipeline.model.tiff_export import TiffBegun, TiffExportConfig
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.open_slides import Opened
from pipeline.transforms.retries import retried


class AdmitTiffs(beam.PTransform):
    """Look at the place of each TIFF before its tiles are read."""

    def __init__(self, export: TiffExportConfig, config: ConversionConfig) -> None:
        super().__init__()
        self._export = export
        self._config = config

    def expand(self, slides: beam.PCollection[Opened]) -> beam.PCollection[Opened]:
        """Map plans to plans and failures."""
        return slides | "AdmitTiff" >> beam.ParDo(_AdmitTiff(self._export, self._config))


class _AdmitTiff(beam.DoFn):
    def __init__(self, export: TiffExportConfig, config: ConversionConfig) -> None:
        self._export = export
        self._config = config

    def process(self, element: Opened) -> Iterator[SlidePlan | SlideOutcome | Failure]:
        if not isinstance(element, SlidePlan):
            yield element
            return
        try:
            retried(_check_place, tiff_uri(self._export, element.slide_id), element.uri, self._export)
        except Exception as error:
            yield dead_letter(error, "AdmitTiffs", element, self._config)
        else:
            yield element


def begun(plan: SlidePlan) -> TiffBegun:
    """Note when the work on a slide's tiles began."""
    return TiffBegun(slide_id=plan.slide_id, uri=plan.uri, at=time.time())


def _check_place(target: str, source: str, export: TiffExportConfig) -> None:
    if not stands(target):
        return
    if not is_address(target):
        if os.path.isdir(target):
            raise OutputExists(f"{target} is a folder, and not replaced by a file; name another output", uri=target)
        if _is_one_file(target, source):
            raise OutputExists(f"{target} is the slide itself; name another output", uri=target)
    if not export.overwrite:
        raise OutputExists(f"{target} exists; --overwrite replaces it", uri=target)


def _is_one_file(target: str, source: str) -> bool:
    """Whether a place on the disk is the slide; a link that leads nowhere is not."""
    if is_address(source) or not os.path.exists(source) or not os.path.exists(target):
        return False
    return os.path.samefile(target, source)
