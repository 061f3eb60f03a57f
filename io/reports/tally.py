"""Sums of a job over its waves: what its summary and its page are made of.

A wave's report is added and let go: what stays is counts, the newest failures, and the ids of slides that have failed,
by which a slide that is tried again is known. So memory does not grow with the corpus, but with what fails in it.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.io.reports.failed_slides import FailedSlides, first_failures
from pipeline.model.config import ConversionConfig
from pipeline.model.records import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The wave under way."""

    slides: int
    bytes: int
    """Of its sources, as listed."""
    begun: float
    """Seconds of `time.monotonic`."""


class JobTally:
    """The figures of a job. Not thread-safe: `LiveReport` guards it."""

    def __init__(
        self, job: str, config: ConversionConfig, *, slides: int | None, bytes: int = 0, waves: int | None = 1
    ) -> None:
        """Expect `slides` inputs that take `bytes` as listed, in `waves`; None: nobody knows (a folder is watched)."""
        self.job = job
        self.config = config
        self.expected_slides = slides
        self.expected_bytes = bytes
        self.expected_waves = waves
        self.numbered = waves != 1
        """Whether reports carry the number of their wave."""
        self.started = time.time()
        self.begun = time.monotonic()
        self.wave: Wave | None = None
        self.waves = 0
        """That have ended."""
        self.busy_seconds = 0.0
        """Of the waves that have ended."""
        self.ended: Counter[Status] = Counter()
        """Slides by how they ended; one that is tried again moves."""
        self.more_slides = 0
        """Beyond the inputs: a file of three scenes is three slides."""
        self.retried = 0
        """Attempts at slides that had failed before."""
        self.routes: Counter[str] = Counter()
        """Frames of published slides by the way that they went."""
        self.reasons: Counter[str] = Counter()
        """Those that did not pass, by the reason."""
        self.bytes_in = 0
        self.bytes_written = 0
        self.source_bytes = 0
        """Listed bytes of the slides that have ended."""
        self.worked_bytes = 0
        """Those of them that were not skipped."""
        self.failed = FailedSlides()
        self.counters: Counter[str] = Counter()
        self.rss_bytes = 0
        self.engine = ""

    def begin(self, *, slides: int, bytes: int) -> None:
        """Begin a wave of `slides` inputs that take `bytes` as listed."""
        self.wave = Wave(slides=slides, bytes=bytes, begun=time.monotonic())

    def add(self, report: Mapping[str, Any], seconds: float) -> None:
        """End the wave with its report. A slide that failed in an earlier one, before its file was mended, moves."""
        wave, self.wave = self.wave, None
        failures = first_failures(report["failures"])
        slides = report["slides"]
        for slide in slides:
            self._add_slide(slide, failures.get(slide["slide_id"]))
        if wave is not None:
            self.more_slides += max(0, len(slides) - wave.slides)
            worked = sum(slide["status"] != Status.SKIPPED for slide in slides)
            self.source_bytes += wave.bytes
            self.worked_bytes += wave.bytes * worked // max(1, len(slides))
        self.waves += 1
        self.busy_seconds += seconds
        self.counters.update(report.get("counters", {}))
        self.rss_bytes = max(self.rss_bytes, report["metrics"]["rss_bytes"])
        self.engine = report.get("engine", self.engine)

    def _add_slide(self, slide: Mapping[str, Any], failure: Mapping[str, Any] | None) -> None:
        status = Status(slide["status"])
        if self.failed.forget(slide["slide_id"]):
            self.ended[Status.FAILED] -= 1
            self.retried += 1
        self.ended[status] += 1
        if failure is not None:
            self.failed.add(slide, failure)
        self.routes.update(slide["frames_by_route"])
        self.reasons.update({reason: row["frames"] for reason, row in slide["frames_by_reason"].items()})
        self.bytes_in += slide["bytes_in"]
        self.bytes_written += slide["bytes_written"]
