"""One job: slides in, a report out. What the command line and the Python builder share.

A job has a name of its own: the time at which it began, so that reports sort, and a random part, so that two never
meet.
"""

import atexit
import dataclasses
import gc
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.beam_import import import_beam
from pipeline.input_checks import check_job
from pipeline.interruption import interruptible
from pipeline.model.config import ConversionConfig, UidPolicy
from pipeline.model.keys import SlideInput


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """What a job did."""

    name: str
    config: ConversionConfig
    report: dict[str, Any]
    """As `pipeline.io.reports.report` writes it: one entry in its `slides` for every input."""
    seconds: float

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
) -> FinishedJob:
    """Convert slides; those that fail are in the report and raise nothing.

    In a process of its own, what the imports made is frozen (`gc.freeze`): no later collection walks through it.

    Raises ConfigError when the output would harm a source or the metadata belong to one slide of several
    (`pipeline.input_checks`), StorageError when the output cannot be written, and KeyboardInterrupt after what was
    begun has been removed.
    """
    check_job(inputs, config)
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"
    if config.uid_policy is UidPolicy.FRESH:
        config = dataclasses.replace(config, uid_salt=secrets.token_hex(16))
    begin = time.perf_counter()
    try:
        with interruptible() as interruption:
            import_beam()
            if own_process:
                gc.freeze()
            from pipeline.conversion import run_conversion
            from pipeline.io.deidentification.names import renamed

            interruption.check()
            report = run_conversion(renamed(inputs, config), config, beam_arguments, job=name)
    except KeyboardInterrupt:
        from pipeline.io.storage.opening import open_store

        store = open_store(config.output, name)
        store.clean_job()
        # A run under way in a thread may still stage its part; exit functions are called when all threads have ended.
        atexit.register(store.clean_job)
        raise
    return FinishedJob(name=name, config=config, report=report, seconds=time.perf_counter() - begin)
