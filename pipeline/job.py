"""One job: slides in, reports out, wave after wave. What the command line, the Python builder and `--watch` share.

A job has a name of its own: the time at which it began, so that reports sort, and a random part, so that two never
meet.
"""

import atexit
import dataclasses
import gc
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline.beam_import import import_beam
from pipeline.input_checks import check_job
from pipeline.interruption import Interruption, interruptible
from pipeline.model.config import ConversionConfig, UidPolicy
from pipeline.model.keys import SlideInput
from pipeline.transforms.isolation import begin_header_helper, end_helpers

Report = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """What a job did."""

    name: str
    config: ConversionConfig
    summary: dict[str, Any]
    """As `pipeline.io.reports.summary` writes it: figures of the whole job."""
    wave_reports: tuple[Report, ...]
    """As `pipeline.io.reports.report` writes them: one entry in the `slides` of one of them for every input. Empty
    where they were handed over as they came."""
    seconds: float

    @property
    def report(self) -> Report:
        """The reports of all waves as one. Memory grows with the slides; ValueError where they were handed over."""
        from pipeline.io.reports.merge import merged_report

        return merged_report(self.wave_reports)

    @property
    def reports(self) -> str:
        """Folder of the job's reports."""
        return f"{self.config.output}/_reports/{self.name}"


def run_job(
    inputs: Sequence[SlideInput],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    own_process: bool = False,
    on_wave: Callable[[Report], None] | None = None,
) -> FinishedJob:
    """Convert slides; those that fail are in the report and raise nothing.

    With `on_wave` each wave's report is handed over when the wave has ended, and let go. In a process of its own, what
    the imports made is frozen (`gc.freeze`): no later collection walks through it.

    Raises ConfigError when the output would harm a source or the metadata belong to one slide of several
    (`pipeline.input_checks`), StorageError when the output cannot be written or a store not be reached, CodecError when
    a codec is not installed (`pipeline.preflight`), and KeyboardInterrupt after what was begun has been removed.
    """
    check_job(inputs, config)
    name, config = job_name(), salted(config)
    begin = time.perf_counter()
    kept: list[Report] = []
    if not beam_arguments:  # other engines have processes of their own
        begin_header_helper(config, len(inputs))
    with job_process(name, config, own_process=own_process) as interruption:
        from pipeline.io.reports.summary import job_summary
        from pipeline.job_work import Job, convert_all

        tally = convert_all(Job(name, config, beam_arguments), inputs, interruption, on_wave or kept.append)
    return FinishedJob(
        name=name,
        config=config,
        summary=job_summary(tally),
        wave_reports=tuple(kept),
        seconds=time.perf_counter() - begin,
    )


def job_name() -> str:
    """Return a name that no other job has."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"


def salted(config: ConversionConfig) -> ConversionConfig:
    """Return the configuration with the salt of this job, if UIDs are to be fresh."""
    if config.uid_policy is not UidPolicy.FRESH:
        return config
    return dataclasses.replace(config, uid_salt=secrets.token_hex(16))


@contextmanager
def job_process(name: str, config: ConversionConfig, *, own_process: bool) -> Iterator[Interruption]:
    """Make this process ready for Beam; when it is asked to stop, what the job staged is removed."""
    try:
        with interruptible() as interruption:
            import_beam()
            if own_process:
                gc.freeze()
            interruption.check()
            yield interruption
    except KeyboardInterrupt:
        from pipeline.io.storage.opening import open_store

        store = open_store(config.output, name)
        store.clean_job()
        # A run under way in a thread may still stage its part; exit functions are called when all threads have ended.
        atexit.register(store.clean_job)
        raise
    finally:
        end_helpers()
