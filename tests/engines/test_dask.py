"""dask.distributed: a scheduler and two workers that share an object store and nothing else."""

import pytest

from tests.engines.jobs import Corpus, wait_until
from tests.engines.programs import Program


def on(scheduler: Program) -> tuple[str, ...]:
    """Return the arguments that run a job there."""
    return ("--runner=DaskRunner", f"--dask_client_address=tcp://{scheduler.address}", "--threads=1")


@pytest.mark.slow
def test_two_workers_write_what_one_process_writes(
    corpus: Corpus, scheduler: Program, dask_workers: list[Program]
) -> None:
    corpus.convert("dask", *on(scheduler))
    assert corpus.instances("dask") == corpus.instances("expected")
    assert corpus.records("dask") == corpus.records("expected")
    assert len(corpus.workers("dask", "a.svs", 0)) == 2
    assert corpus.objects("dask", "_staging/") == []


@pytest.mark.slow
def test_a_worker_that_is_killed_is_done_without(
    corpus: Corpus, scheduler: Program, dask_workers: list[Program]
) -> None:
    """What it had done is done again by the other, and the job completes."""
    job = corpus.begin("dask-killed", *on(scheduler))
    wait_until(lambda: corpus.parts("dask-killed") >= 4, job)
    dask_workers[1].kill()
    _, told = job.communicate(timeout=120)
    assert job.returncode == 0, told
    assert corpus.instances("dask-killed") == corpus.instances("expected")
    assert corpus.objects("dask-killed", "_staging/") == []
