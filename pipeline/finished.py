"""Which slides of a job are finished, found out before any graph is built.

A resumed corpus is mostly slides with nothing to do. An execution of the graph for every few of them would take longer
than looking at their records does.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pipeline.io.publishing.action import finished_before
from pipeline.io.storage.address import is_address
from pipeline.io.storage.contract import OutputStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.records import SlideOutcome, Status

_REQUESTS_AT_ONCE = 32
"""A record in a bucket is a few requests, each of which waits for its answer."""


def without_finished(
    slides: Sequence[SlideInput], config: ConversionConfig, store: OutputStore
) -> tuple[list[SlideOutcome], list[SlideInput]]:
    """Return the ends of the slides that are finished, and the other slides, both in the order of the slides.

    A slide of which this cannot be told, for whatever reason, is among the others: the graph makes a failure of it.
    """
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE if is_address(config.output) else 1) as pool:
        found = list(pool.map(lambda slide: _outcome(slide, config, store), slides))
    return (
        [outcome for outcome in found if outcome is not None],
        [slide for slide, outcome in zip(slides, found, strict=True) if outcome is None],
    )


def _outcome(slide: SlideInput, config: ConversionConfig, store: OutputStore) -> SlideOutcome | None:
    try:
        record = finished_before(store, slide, config)
    except Exception:  # one slide's damage must not end the job; the graph meets it again, and makes a row of it
        return None
    if record is None:
        return None
    return SlideOutcome(uri=slide.uri, slide_id=slide.slide_id, status=Status.SKIPPED, record=record)
