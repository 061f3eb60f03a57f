"""What people read at the end of a pass, and of a dry run."""

from collections.abc import Iterator, Sequence

from pipeline.batch.passing import SlideResult, failures
from pipeline.batch.settings import BatchSettings
from pipeline.batch.slide import InboxSlide, Way
from pipeline.model.figures import bytes_text, count_text, duration_text
from pipeline.model.printable import printable

_WIDTH = 16
_MOST_NAMES = 3


def summary_lines(results: Sequence[SlideResult], seconds: float) -> Iterator[str]:
    """Yield the summary of a pass that took some seconds. Sizes and rate are of what was served."""
    failed = failures(results)
    served = [result for result in results if not result.error]
    inputs = sum(result.input_bytes for result in served)
    outputs = sum(result.output_bytes for result in served)
    yield "CONVERSION SUMMARY"
    yield _line("Total files", f"{len(results):,}")
    yield _line("Succeeded", f"{len(served):,}")
    yield _line("Failed", f"{len(failed):,}")
    yield _line("Input size", bytes_text(inputs))
    yield _line("Output size", bytes_text(outputs))
    yield _line("Compression", f"{100 * outputs / inputs:.1f}%" if inputs else "-")
    yield _line("Total time", duration_text(seconds))
    yield _line("Throughput", f"{bytes_text(inputs / seconds)}/s" if seconds else "-")
    if failed:
        yield "Failed files:"
        yield from (printable(f"  - {result.name}: {result.error}") for result in failed)


def plan_lines(slides: Sequence[InboxSlide], settings: BatchSettings) -> Iterator[str]:
    """Yield what a pass would do with each slide of the inbox."""
    for slide in slides:
        served = settings.serving / slide.served_as
        if slide.fault:
            what = f"would fail: {slide.fault}"
        elif served.exists():
            what = f"would be skipped: {served} exists"
        else:
            what = f"would be {'converted' if slide.way is Way.CONVERT else 'copied'} to {served}"
        files = f", {count_text(len(slide.files), 'file')}" if len(slide.files) > 1 else ""
        yield printable(f"{slide.name} ({bytes_text(slide.bytes)}{files}): {what}")
    total = bytes_text(sum(slide.bytes for slide in slides))
    found = f"{count_text(len(slides), 'slide')} in {settings.inbox}, {total}"
    yield printable(f"Dry run: {found}; nothing was converted or moved")


def left_alone_text(paths: Sequence[str]) -> str:
    """Return a line about files of the inbox that are no slides by their suffix."""
    rest = len(paths) - _MOST_NAMES
    more = f" and {rest:,} more" if rest > 0 else ""
    which = f"{count_text(len(paths), 'file')} without a suffix of slides: {', '.join(paths[:_MOST_NAMES])}{more}"
    return printable(f"Left alone: {which}; DICOM files are taken as .dcm or .dicom")


def _line(name: str, value: str) -> str:
    return f"{name + ':':{_WIDTH}} {value}"
