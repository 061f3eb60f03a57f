"""Reports of waves by hand: as many slides as are wanted, some of which fail."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.io.reports.report import conversion_report
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure, SlideOutcome, Status
from tests.io.reports.outcomes import published

CONFIG = ConversionConfig(output="/out")


def wave_report(
    written: Iterable[str] = (),
    *,
    failed: Mapping[str, str] | None = None,
    skipped: Iterable[str] = (),
    message: str = "it is cut off",
    counters: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return the report of a wave: slides by id that were written, that failed (with their class), were skipped."""
    outcomes = [
        *map(written_slide, written),
        *(SlideOutcome(uri=f"/slides/{name}", slide_id=name, status=Status.SKIPPED) for name in skipped),
        *(failed_slide(name, kind, message) for name, kind in (failed or {}).items()),
    ]
    report = conversion_report(outcomes, CONFIG, "job-1")
    return {**report, "engine": "by hand", "counters": dict(counters or {})}


def written_slide(name: str) -> SlideOutcome:
    """Return a slide that was published."""
    outcome = published()
    assert outcome.plan is not None
    plan = dataclasses.replace(outcome.plan, slide=SlideInput(uri=f"/slides/{name}", slide_id=name))
    return dataclasses.replace(outcome, uri=plan.uri, slide_id=name, plan=plan)


def failed_slide(name: str, error_class: str, message: str = "it is cut off") -> SlideOutcome:
    """Return a slide that failed when it was opened."""
    failure = Failure(
        uri=f"/slides/{name}",
        slide_id=name,
        stage="OpenSlides",
        level=None,
        frame=None,
        error_class=error_class,
        message=message,
        reproduce=f"python -m pipeline.run --input /slides/{name}",
    )
    return SlideOutcome(uri=f"/slides/{name}", slide_id=name, status=Status.FAILED, failures=(failure,))
