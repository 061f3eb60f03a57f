"""How a stage's errors become dead letters: typed elements that travel with the others.

Each DoFn catches at one place, and catches errors that are not ours too: an uncaught one would fail every slide of
the pipeline, with no retry. Such an error keeps its class name; its traceback goes to the log, which `--verbose` shows.
A message may repeat a file's name that is no text; it leaves as text, which every report can hold.
"""

import logging
from dataclasses import replace

from pipeline.configs.reproduce import reproduce_command
from pipeline.model.config import ConversionConfig, Isolation
from pipeline.model.errors import (
    DecoderCrash,
    DecoderTimeout,
    MetadataMissing,
    OutputExists,
    SlidebeamError,
)
from pipeline.model.keys import PyramidKey, RunKey, SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.printable import printable
from pipeline.model.records import Failure, PlannedInstance

_LOG = logging.getLogger(__name__)


def dead_letter(
    error: Exception,
    stage: str,
    element: SlideInput | SlidePlan | RunKey | PyramidKey | PlannedInstance,
    config: ConversionConfig,
) -> Failure:
    """Return the failure of an element in a stage; the error's level and frame are more exact than the element's."""
    _LOG.info("%s of %s failed", stage, element.uri, exc_info=error)
    level = element.level if isinstance(element, RunKey | PyramidKey) else None
    frame, message = None, f"{element.uri}: unexpected {type(error).__name__} in {stage}: {error}"
    if isinstance(error, SlidebeamError):
        level, frame, message = level if error.level is None else error.level, error.frame, error.message
    if config.isolate is Isolation.HEADERS and not isinstance(error, DecoderCrash | DecoderTimeout):
        config = replace(config, isolate=Isolation.AUTO)  # of no interest to who looks at this slide alone
    return Failure(
        uri=printable(element.uri),
        slide_id=element.slide_id,
        stage=stage,
        level=level,
        frame=frame,
        error_class=type(error).__name__,
        message=printable(message),
        reproduce=printable(
            reproduce_command(
                config,
                element.uri,
                level,
                placeholders=not isinstance(error, MetadataMissing),
                in_output=isinstance(error, OutputExists),
            )
        ),
        instance=element.instance if isinstance(element, RunKey | PyramidKey | PlannedInstance) else "",
    )
