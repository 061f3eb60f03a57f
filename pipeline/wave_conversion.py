"""The waves of a job, each an execution of the graph whose progress is seen while it runs."""

import time
from collections.abc import Sequence
from typing import Any

from apache_beam.options.pipeline_options import StandardOptions

from pipeline.beam_options import beam_options
from pipeline.conversion import run_conversion
from pipeline.io.reports.live import LiveReport
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput

_STARTED_IN_SECONDS = frozenset(
    ("", "fnapirunner", "directrunner", "bundlebaseddirectrunner", "prismrunner", "daskrunner")
)
"""Runners for which a wave costs little; on others, to start an execution takes minutes."""


class WaveConversions:
    """Converts the waves of one job, one after the other."""

    def __init__(
        self,
        job: str,
        config: ConversionConfig,
        beam_arguments: Sequence[str],
        live: LiveReport,
        *,
        numbered: bool,
    ) -> None:
        """Take what all waves have in common; reports of a job of one wave are not `numbered`."""
        self._job = job
        self._config = config
        self._beam_arguments = beam_arguments
        self._live = live
        self._numbered = numbered
        self._begun = 0

    def convert(self, slides: Sequence[SlideInput]) -> dict[str, Any]:
        """Convert a wave and return its report, which is added to the job's. Raises StorageError."""
        self._begun += 1
        self._live.begin_wave(slides=len(slides), bytes=sum(slide.bytes for slide in slides))
        begin = time.perf_counter()
        wave = self._begun if self._numbered else None
        report = run_conversion(slides, self._config, self._beam_arguments, job=self._job, wave=wave)
        self._live.end_wave(report, time.perf_counter() - begin)
        return report


def is_remote(beam_arguments: Sequence[str]) -> bool:
    """Whether the engine is elsewhere, where to start an execution takes minutes."""
    runner = beam_options(beam_arguments).view_as(StandardOptions).runner or ""
    return runner.rpartition(".")[2].lower() not in _STARTED_IN_SECONDS
