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

from pipeline.finished import without_finished
from pipeline.input_checks import check_shared_metadata
from pipeline.interruption import Interruption
from pipeline.io.deidentification.names import renamed
from pipeline.io.reports.summary import job_summary
from pipeline.io.reports.tally import JobTally
from pipeline.job import FinishedJob, job_name, job_process, salted
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from pipeline.transforms.isolation import begin_header_helper
from pipeline.watched import WatchedInputs
from pipeline.watched_rows import WatchedRows

if TYPE_CHECKING:
    from pipeline.job_work import Job
    from pipeline.wave_conversion import WaveConversions

_LOG = logging.getLogger(__name__)


def watch(
    patterns: Sequence[str],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    interval: float,
    on_wave: Callable[[dict[str, Any]], None],
    manifest: str = "",
    mapping: str = "",
    own_process: bool = False,
) -> FinishedJob:
    """Convert what comes, looking every `interval` seconds, until SIGINT or SIGTERM; return what the job did.

    `on_wave` receives each wave's report. With a `manifest` a slide waits for its row there, which `mapping` explains.
    Raises ConfigError where the metadata belong to one slide or a pattern names
    no folder, and StorageError when the output cannot be written at the start.
    """
    check_shared_metadata(None, config.metadata)
    name, config = job_name(), salted(config)
    begin = time.perf_counter()
    tally = JobTally(name, config, slides=None, waves=None)
    if not beam_arguments:  # other engines have processes of their own
        begin_header_helper(config, None)
    try:
        with job_process(name, config, own_process=own_process) as interruption:
            from pipeline.job_work import Job

            rows = WatchedRows(manifest, mapping) if manifest else None
            inputs, job = WatchedInputs(patterns, config.output), Job(name, config, beam_arguments)
            job.make_ready(())
            try:
                with job.running(tally) as conversions:
                    for slides in _rounds(inputs, rows, interval):
                        _convert_new(slides, inputs, job, conversions, interruption, on_wave)
            finally:
                job.store.clean_job()
    except KeyboardInterrupt:
        _LOG.info("stopped")
    return FinishedJob(
        name=name,
        config=config,
        summary=job_summary(tally),
        wave_reports=(),
        seconds=time.perf_counter() - begin,
    )


def _convert_new(
    slides: Sequence[SlideInput],
    inputs: WatchedInputs,
    job: "Job",
    conversions: "WaveConversions",
    interruption: Interruption,
    on_wave: Callable[[dict[str, Any]], None],
) -> None:
    """Convert slides of one look; those of a wave that a store's failure ended are new again at the next look."""
    named = renamed(slides, job.config)
    finished, rest = without_finished(named, job.config, job.store)
    ended = {outcome.uri for outcome in finished}
    skipped = [slide for slide in named if slide.uri in ended]
    if finished:
        on_wave(conversions.skip(finished, sum(slide.bytes for slide in skipped)))
        inputs.take(skipped)
    for wave in job.waves(rest):
        interruption.check()
        try:
            on_wave(conversions.convert(wave))
        except StorageError as error:
            _LOG.warning("%s; slides of this wave are tried again", error)
            return
        inputs.take(wave)


def _rounds(inputs: WatchedInputs, rows: WatchedRows | None, interval: float) -> Iterator[list[SlideInput]]:
    """Yield new slides for ever, from looks that are an interval apart."""
    while True:
        looked = time.monotonic()
        try:
            slides, refusals = inputs.new_slides()
        except StorageError as error:
            slides, refusals = [], [f"{error}; it is looked at again"]
        if rows is not None and slides:
            slides, waiting = rows.joined(slides)
            refusals += waiting
        for refusal in refusals:
            _LOG.warning("%s", refusal)
        if slides:
            yield slides
        time.sleep(max(0.0, looked + interval - time.monotonic()))
