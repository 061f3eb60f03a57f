"""The one place where a stage's errors become dead letters: typed elements that travel with the others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.records import Failure
from pipeline.model.reproduce import reproduce_command

_LOG = logging.getLogger(__name__)


class Caught:
    """What a guarded block came to: `failure` is None when all went well."""

    failure: Failure | None = None


@contextmanager
def dead_letter(
    config: ConversionConfig, stage: str, *, uri: str, slide_id: str, instance: str = "", level: int | None = None
) -> Iterator[Caught]:
    """Turn any error of the block into a `Failure`.

    Errors that are not ours are caught too: an uncaught one would fail every slide of the pipeline, with no retry. They keep their class name, and their traceback
    goes to the log.
    """
    caught = Caught()
    try:
        yield caught
    except Exception as error:
        ours = isinstance(error, SlidebeamError)
        _LOG.debug("%s of %s failed", stage, uri, exc_info=True)
        found = error.level if isinstance(error, SlidebeamError) and error.level is not None else level
        caught.failure = Failure(
            uri=uri,
            slide_id=slide_id,
            stage=stage,
            level=found,
            frame=error.frame if isinstance(error, SlidebeamError) else None,
            error_class=type(error).__name__,
            message=str(error) if ours else f"{uri}: unexpected {type(error).__name__} in {stage}: {error}",
            reproduce=reproduce_command(config, uri, found),
            instance=instance,
        )
