"""The waves of a job, each an execution of the graph whose progress is seen while it runs."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.conversion import run_conversion
from pipeline.io.reports.json_files import read_json
from pipeline.io.reports.live import LiveReport
from pipeline.io.reports.progress import BOARD
from pipeline.io.reports.write import report_name, write_reports
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.records import SlideOutcome


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
        return self._wave(
            len(slides),
            sum(slide.bytes for slide in slides),
            lambda wave: run_conversion(slides, self._config, self._beam_arguments, job=self._job, wave=wave),
        )

    def skip(self, finished: Sequence[SlideOutcome], bytes: int) -> dict[str, Any]:
        """Report a wave of slides that are finished and take `bytes` as listed; no graph is executed."""
        return self._wave(len(finished), bytes, lambda wave: self._reported(finished, wave))

    def _wave(self, slides: int, bytes: int, work: Callable[[int | None], dict[str, Any]]) -> dict[str, Any]:
        self._begun += 1
        self._live.begin_wave(slides=slides, bytes=bytes)
        begin = time.perf_counter()
        report = work(self._begun if self._numbered else None)
        self._live.end_wave(report, time.perf_counter() - begin)
        return report

    def _reported(self, finished: Sequence[SlideOutcome], wave: int | None) -> dict[str, Any]:
        for outcome in finished:
            BOARD.slide_done(outcome.slide_id, outcome.status)
        write_reports(finished, self._config, self._job, wave)
        return read_json(open_store(self._config.output, self._job), f"{self._job}/{report_name(wave)}")
