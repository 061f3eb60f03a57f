"""Programs that an engine consists of, each in a folder of its own, started and ended by the tests.

A program finds nothing of another on the disk: its working directory, HOME and TMPDIR are its own. What it shares with
the others is an object store, whose address stands in the environment.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.emulators import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
_PRISM = ROOT / "build" / "bin" / "prism"


@dataclass(frozen=True, slots=True)
class Program:
    """A running program, the leader of a process group."""

    process: "subprocess.Popen[bytes]"
    address: str
    """Host and port where it serves; empty if it does not."""

    def kill(self) -> None:
        """SIGKILL for it and what it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def prism_program() -> str | None:
    """Return the path of Prism: named by SLIDEBEAM_PRISM, made by make, or on the PATH."""
    named = os.environ.get("SLIDEBEAM_PRISM") or (str(_PRISM) if _PRISM.is_file() else None)
    return named or shutil.which("prism")


@contextmanager
def prism(program: str, folder: Path) -> Iterator[Program]:
    """Run Prism as a job server."""
    port = free_port()
    with running([program, f"--job_port={port}", "--serve_http=false"], folder, port) as server:
        yield server


@contextmanager
def worker_pools(folder: Path, number: int) -> Iterator[list[Program]]:
    """Run worker pools; a pool starts its workers as children."""
    with ExitStack() as pools:
        yield [pools.enter_context(_worker_pool(folder / f"pool-{n}")) for n in range(number)]


@contextmanager
def _worker_pool(folder: Path) -> Iterator[Program]:
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    with running(command, folder, port) as pool:
        yield pool


@contextmanager
def fan_out(folder: Path, pools: Sequence[Program]) -> Iterator[Program]:
    """Run what makes one pool of several (`tests.engines.fan_out`)."""
    port = free_port()
    command = [sys.executable, "-m", "tests.engines.fan_out", str(port), *(pool.address for pool in pools)]
    with running(command, folder, port) as one:
        yield one


@contextmanager
def dask_scheduler(folder: Path) -> Iterator[Program]:
    """Run dask's scheduler."""
    port = free_port()
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", f"--port={port}", "--no-dashboard"]
    with running([*command, "--host=127.0.0.1"], folder, port) as scheduler:
        yield scheduler


@contextmanager
def dask_worker(folder: Path, scheduler: Program) -> Iterator[Program]:
    """Run a dask worker of one thread, without the nanny that would start it anew."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://{scheduler.address}"]
    with running([*command, "--nthreads=1", "--no-nanny", "--no-dashboard"], folder) as worker:
        yield worker


@contextmanager
def running(command: Sequence[str], folder: Path, port: int = 0) -> Iterator[Program]:
    """Run a program until the block ends; the block begins when the program's port, if it has one, is open."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True)
    places = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    # A worker pool starts its workers with the `python` that is first on the PATH.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, **places, "PATH": path, "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    program = Program(process, f"localhost:{port}" if port else "")
    try:
        _wait_for(program, port)
        yield program
    finally:
        program.kill()


def _wait_for(program: Program, port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while port:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
            return
        except OSError:
            if program.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program.process.args!r} does not answer") from None
            time.sleep(0.05)
