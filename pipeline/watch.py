"""Convert slides as they come into a folder or a prefix, until the process is asked to stop.

A loop of our own that starts waves whenever there are new slides: Beam's watching sources need a streaming engine, and
end at once, without a word, on the one in this process. All waves are of one job. A stop in the middle of a wave
removes what was begun, and the next start finds it new again. What fails is told, and left until its file changes or
the next start.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.input_checks import check_shared_metadata
from pipeline.job import FinishedJob, job_name, job_process, salted
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput

if TYPE_CHECKING:
    from pipeline.watched import WatchedInputs

_LOG = logging.getLogger(__name__)


def watch(
    patterns: Sequence[str],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    interval: float,
    on_wave: Callable[[dict[str, Any]], None],
    own_process: bool = False,
) -> FinishedJob:
    """Convert what comes, looking every `interval` seconds, until SIGINT or SIGTERM; return what the job did.

    `on_wave` receives each wave's report. Raises ConfigError where the metadata belong to one slide or a pattern names
    no folder, and StorageError when the output cannot be written at the start.
    """
    check_shared_metadata(None, config.metadata)
    name, config = job_name(), salted(config)
    begin = time.perf_counter()
    summary: dict[str, Any] = {}
    try:
        with job_process(name, config, own_process=own_process) as interruption:
            from pipeline.detached import is_detached
            from pipeline.io.deidentification.names import renamed
            from pipeline.io.reports.live import LiveReport
            from pipeline.io.reports.progress import BOARD
            from pipeline.io.reports.tally import JobTally
            from pipeline.io.staging.leftovers import remove_leftovers
            from pipeline.io.staging.ownership import Ownership
            from pipeline.io.storage.opening import open_store
            from pipeline.watched import WatchedInputs
            from pipeline.wave_conversion import WaveConversions, is_remote
            from pipeline.waves import waves_of

            inputs = WatchedInputs(patterns, config.output)
            store = open_store(config.output, name)
            store.prepare()
            remove_leftovers(store)
            BOARD.reset()
            tally = JobTally(name, config, slides=None, waves=None)
            remote = is_remote(beam_arguments)
            try:
                with Ownership(store, detached=is_detached(beam_arguments)), LiveReport(store, tally, BOARD) as live:
                    conversions = WaveConversions(name, config, beam_arguments, live, numbered=True)
                    for slides in _rounds(inputs, interval):
                        for wave in waves_of(renamed(slides, config), config, store, remote=remote):
                            interruption.check()
                            try:
                                on_wave(conversions.convert(wave))
                            except StorageError as error:
                                _LOG.warning("%s; slides of this wave are tried again", error)
                                break
                            inputs.take(wave)
            finally:
                summary = tally.summary()
                store.clean_job()
    except KeyboardInterrupt:
        _LOG.info("stopped")
    seconds = time.perf_counter() - begin
    return FinishedJob(name=name, config=config, summary=summary, wave_reports=(), seconds=seconds)


def _rounds(inputs: "WatchedInputs", interval: float) -> Iterator[list[SlideInput]]:
    """Yield new slides for ever, from looks that are an interval apart."""
    while True:
        looked = time.monotonic()
        try:
            slides, refusals = inputs.new_slides()
        except StorageError as error:
            slides, refusals = [], [f"{error}; it is looked at again"]
        for refusal in refusals:
            _LOG.warning("%s", refusal)
        if slides:
            yield slides
        time.sleep(max(0.0, looked + interval - time.monotonic()))
