"""Worker processes on one machine (`--direct_running_mode multi_processing`)."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.engines.worker_process import WorkerProcess
from tests.engines.jobs import Corpus, wait_until
from tests.io.isolation.processes import comes_true, is_running

TWO = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


def workers_of(job: "subprocess.Popen[str]") -> list[int]:
    """Return the process ids of a job's workers."""
    found = subprocess.run(
        ["pgrep", "-P", str(job.pid), "-f", "pipeline.engines.worker"], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def is_alive(process: int) -> bool:
    """Whether there is such a process, and it is not a zombie."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


@pytest.mark.slow
def test_two_workers_write_what_one_process_writes(corpus: Corpus) -> None:
    corpus.convert("processes", *TWO)
    assert corpus.instances("processes") == corpus.instances("expected")
    assert corpus.records("processes") == corpus.records("expected")
    assert len(corpus.workers("processes", "a.svs", 0)) == 2
    assert corpus.objects("processes", "_staging/") == []


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_job_and_a_rerun_completes(corpus: Corpus) -> None:
    """Beam's own worker processes would be waited for without end."""
    job = corpus.begin("killed", *TWO)
    wait_until(lambda: corpus.parts("killed") >= 2, job)
    one, other = workers_of(job)
    os.kill(one, signal.SIGKILL)
    _, told = job.communicate(timeout=60)
    assert job.returncode == 1
    assert f"a worker process (pid {one}) ended with SIGKILL" in told
    assert "Traceback" not in told
    wait_until(lambda: not is_alive(other))
    corpus.convert("killed", *TWO)
    assert corpus.instances("killed") == corpus.instances("expected")
    assert corpus.objects("killed", "_staging/") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["ctrl-c", "killed"]
)
def test_a_job_that_is_stopped_leaves_no_worker_behind(corpus: Corpus, number: signal.Signals, status: int) -> None:
    """Ctrl-C reaches the workers as well; what they would say of it is nothing that a user needs."""
    job = corpus.begin(f"stopped-{number}", *TWO)
    wait_until(lambda: corpus.parts(f"stopped-{number}") >= 2, job)
    workers = workers_of(job)
    if number == signal.SIGINT:
        os.killpg(job.pid, number)
    else:
        job.kill()
    _, told = job.communicate(timeout=60)
    assert job.returncode == status
    assert "Traceback" not in told
    assert len(workers) == 2
    wait_until(lambda: not any(map(is_alive, workers)))


ROOT = Path(__file__).resolve().parents[2]
FORKED = """
import os, time
from pipeline.engines.worker_process import WorkerProcess
worker = WorkerProcess()
fork = os.fork()
if fork:
    print(worker.pid, fork, flush=True)
time.sleep(1000)
"""


def is_at_work(worker: int) -> bool:
    """Whether a worker has imported Beam, before which it sees to its own end."""
    try:
        return "cygrpc" in Path(f"/proc/{worker}/maps").read_text()
    except OSError:
        return False


def test_a_worker_outlives_the_thread_that_started_it() -> None:
    """Threads of a runner come and go, and a worker that is idle serves the next one."""
    started: list[WorkerProcess] = []

    def start() -> None:
        started.append(WorkerProcess())
        assert comes_true(lambda: is_at_work(started[0].pid))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    (worker,) = started
    try:
        time.sleep(0.3)
        assert not worker.has_ended()
    finally:
        worker.kill()
    assert worker.has_ended()


def test_a_worker_ends_with_its_process_though_a_fork_of_that_lives() -> None:
    """As processes of `multiprocessing` may do: they hold what their parent held."""
    parent = subprocess.Popen([sys.executable, "-c", FORKED], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker, fork = map(int, parent.stdout.readline().split())
    try:
        assert comes_true(lambda: is_at_work(worker))
        parent.kill()
        parent.wait()
        assert comes_true(lambda: not is_running(worker))
        assert is_running(fork)
    finally:
        os.kill(fork, signal.SIGKILL)
        parent.stdout.close()
