"""The batch converter at work: a list of what it would do, one pass, or looks until it is asked to stop."""

import logging
import time
from collections.abc import Iterator

from pipeline.batch.folders import WorkFolder, owned_folders
from pipeline.batch.inbox import Inbox
from pipeline.batch.looks import Looks, Retry
from pipeline.batch.passing import Passes, SlideResult, failures
from pipeline.batch.settings import BatchSettings
from pipeline.batch.slide import InboxSlide
from pipeline.batch.summary import left_alone_text, plan_lines, summary_lines
from pipeline.cli.failing import FAILED
from pipeline.cli.messages import tell
from pipeline.interruption import Interruption, interruptible
from pipeline.model.errors import StorageError

_LOG = logging.getLogger(__name__)


def plan(settings: BatchSettings) -> int:
    """List what a pass would do, and touch nothing; return the exit code."""
    inbox = Inbox(settings.inbox, settings.archive)
    slides = inbox.slides() if settings.inbox.is_dir() else []
    print("\n".join(plan_lines(slides, settings)))
    _tell_left_alone(inbox)
    return 0


def run_once(settings: BatchSettings) -> int:
    """Take what is in the inbox and return the exit code: 1 where something failed. Raises KeyboardInterrupt."""
    begin = time.perf_counter()
    with interruptible() as interruption, owned_folders(settings) as work:
        passes = Passes(settings, work)
        results = passes.finish()
        inbox = Inbox(settings.inbox, settings.archive)
        slides = passes.new(inbox.slides())
        _tell_left_alone(inbox)
        if not (slides or results):
            tell(f"No files to process in {settings.inbox}")
        for result in passes.take(slides):
            interruption.check()
            results.append(result)
    if results:
        print("\n".join(summary_lines(results, time.perf_counter() - begin)))
    return FAILED if failures(results) else 0


def watch(settings: BatchSettings) -> int:
    """Take what comes, until SIGINT or SIGTERM; return the exit code, which is 0."""
    try:
        with interruptible() as interruption, owned_folders(settings) as work:
            tell(f"Watching {settings.inbox} for new files, every {settings.watch_interval:g} s")
            tell(f"Serving directory: {settings.serving}, archive directory: {settings.archive}; Ctrl-C stops")
            for results in _rounds(settings, work, interruption):
                failed = len(failures(results))
                tell(f"Batch complete: {len(results) - failed} succeeded, {failed} failed")
    except KeyboardInterrupt:
        tell("Shutting down...")
    return 0


def _rounds(settings: BatchSettings, work: WorkFolder, interruption: Interruption) -> Iterator[list[SlideResult]]:
    """Yield the results of looks that found something to do, for ever."""
    inbox, passes = Inbox(settings.inbox, settings.archive), Passes(settings, work)
    looks = Looks(settings.watch_interval)
    finishing = Retry()
    while True:
        looked = time.monotonic()
        results = []
        if looked >= finishing.at:
            results = passes.finish()
            finishing = finishing.later(looked, settings.watch_interval) if failures(results) else Retry()
        whole = {slide.name: slide for slide in looks.whole(passes.new(_listed(inbox)), passes.is_served)}
        for result in passes.take(list(whole.values())):
            interruption.check()
            looks.take(whole[result.name], result, passes.is_served)
            results.append(result)
        if results:
            yield results
        time.sleep(max(0.0, looked + settings.watch_interval - time.monotonic()))


def _tell_left_alone(inbox: Inbox) -> None:
    if inbox.left_alone:
        tell(left_alone_text(inbox.left_alone))


def _listed(inbox: Inbox) -> list[InboxSlide]:
    """Return the slides of the inbox; none while it cannot be listed, as a share that is away."""
    try:
        return inbox.slides()
    except StorageError as error:
        _LOG.warning("%s; it is looked at again", error)
        return []
