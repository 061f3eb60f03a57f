"""One pass: the slides of a look, each published and archived, or told why not. One that fails stops no other."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch.exporting import export_wave
from pipeline.batch.folders import WorkFolder
from pipeline.batch.settings import BatchSettings
from pipeline.batch.settlement import Settlement
from pipeline.batch.slide import InboxSlide, Way
from pipeline.cli.messages import tell
from pipeline.model.errors import SlidebeamError
from pipeline.model.figures import bytes_text, duration_text
from pipeline.model.printable import printable

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideResult:
    """How a slide ended."""

    name: str
    error: str = ""
    """Empty: it is served."""
    is_transient: bool = False
    """It failed for a store: the same may go well later."""
    input_bytes: int = 0
    """Of what was published now."""
    output_bytes: int = 0


class Passes:
    """Takes slides of one inbox to where they belong."""

    def __init__(self, settings: BatchSettings, work: WorkFolder) -> None:
        self._settings = settings
        self._work = work
        self._settlement = Settlement(settings, work)

    def is_served(self, slide: InboxSlide) -> bool:
        """Whether something stands where the slide would be served."""
        return self._settlement.is_served(slide)

    def new(self, slides: Sequence[InboxSlide]) -> list[InboxSlide]:
        """Return the slides without those that are served and not archived, which `finish` takes."""
        begun = self._settlement.begun_keys()
        return [slide for slide in slides if slide.key not in begun]

    def finish(self) -> list[SlideResult]:
        """Archive what was published and not archived, by a process that was killed or for an archive at fault."""
        results = []
        for name, error in self._settlement.finish():
            if error:
                results.append(_failed(name, error, is_transient=True))
            else:
                _tell(f"Done: {name}, which had been served and not archived")
                results.append(SlideResult(name=name))
        return results

    def take(self, slides: Sequence[InboxSlide]) -> Iterator[SlideResult]:
        """Yield how each of the slides ended. Raises ConfigError where the engine refuses its options."""
        waiting: list[InboxSlide] = []
        for slide in slides:
            if not slide.fault and self._settlement.is_served(slide):
                served = self._settings.serving / slide.served_as
                told = printable(f"Output already exists, skipping: {served}; {slide.name} stays in the inbox")
                _LOG.warning("%s", told)
                yield SlideResult(name=slide.name)
                continue
            _tell(f"Processing: {slide.name} ({bytes_text(slide.bytes)})")
            if slide.fault:
                yield _failed(slide.name, slide.fault)
            elif slide.way is Way.COPY:
                yield self._settle(slide, None, time.perf_counter())
            else:
                waiting.append(slide)
            if len(waiting) == self._settings.max_concurrent:
                yield from self._convert(waiting)
                waiting = []
        if waiting:
            yield from self._convert(waiting)

    def _convert(self, slides: Sequence[InboxSlide]) -> Iterator[SlideResult]:
        begin = time.perf_counter()
        try:
            wave = self._work.new_wave()
        except OSError as error:
            yield from (_failed(slide.name, str(error), is_transient=True) for slide in slides)
            return
        try:
            ends = export_wave(slides, self._settings, wave)
            for slide, end in zip(slides, ends, strict=True):
                if end.tiff is None:
                    yield _failed(slide.name, end.error, is_transient=end.is_transient)
                else:
                    yield self._settle(slide, end.tiff, begin)
        finally:
            self._work.end_wave()

    def _settle(self, slide: InboxSlide, tiff: Path | None, begin: float) -> SlideResult:
        try:
            served = self._settlement.settle(slide, tiff)
        except (OSError, SlidebeamError) as error:
            return _failed(slide.name, str(error), is_transient=not isinstance(error, FileExistsError))
        seconds = duration_text(time.perf_counter() - begin)
        _tell(f"Done: {slide.name} is served as {slide.served_as}, {bytes_text(served)} ({seconds})")
        return SlideResult(name=slide.name, input_bytes=slide.bytes, output_bytes=served)


def failures(results: Sequence[SlideResult]) -> list[SlideResult]:
    """Return those that failed."""
    return [result for result in results if result.error]


def _tell(message: str) -> None:
    tell(printable(message))


def _failed(name: str, error: str, *, is_transient: bool = False) -> SlideResult:
    _tell(f"Failed: {name}: {error}")
    return SlideResult(name=name, error=error, is_transient=is_transient)
