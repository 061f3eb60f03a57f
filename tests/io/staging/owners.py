"""Owners of staging areas that are dead, or somewhere else."""

import subprocess
import sys
from dataclasses import replace

from pipeline.io.staging.owner import Owner, this_process
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.staged import OWNER_FILE


def dead_process() -> Owner:
    """Return the owner that a process was which has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return replace(this_process(), pid=process.pid, started=1)


def elsewhere() -> Owner:
    """Return an owner on a machine that was booted another time."""
    return replace(this_process(), boot="00000000-0000-0000-0000-000000000000")


def own(store: OutputStore, owner: Owner) -> None:
    """Write the owner of a store's job."""
    store.write_job_file(OWNER_FILE, owner.to_json().encode())
