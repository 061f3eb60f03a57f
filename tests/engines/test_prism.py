"""The portable protocol: Prism as job server, worker pools that share an object store with it and nothing else.

This is the protocol that Flink's runner speaks; it is not Flink.
"""

import pytest

from tests.engines.jobs import Corpus, wait_until
from tests.engines.programs import Program


def on(job_server: Program, pool: Program) -> tuple[str, ...]:
    """Return the arguments that run a job there."""
    return (
        "--runner=PortableRunner",
        f"--job_endpoint={job_server.address}",
        "--environment_type=EXTERNAL",
        f"--environment_config={pool.address}",
        "--threads=1",
    )


@pytest.mark.slow
def test_two_pools_write_what_one_process_writes(corpus: Corpus, job_server: Program, one_pool: Program) -> None:
    corpus.convert("prism", *on(job_server, one_pool))
    assert corpus.instances("prism") == corpus.instances("expected")
    assert corpus.records("prism") == corpus.records("expected")
    assert len(corpus.workers("prism", "a.svs", 0)) == 2
    assert corpus.objects("prism", "_staging/") == []


@pytest.mark.slow
def test_a_rerun_completes_what_a_killed_pool_ended(
    corpus: Corpus, job_server: Program, pools: list[Program], one_pool: Program
) -> None:
    """The rerun has the pool that is left. What the job staged stays: its workers might be at work elsewhere."""
    job = corpus.begin("prism-killed", *on(job_server, one_pool))
    wait_until(lambda: corpus.parts("prism-killed") >= 4, job)
    pools[1].kill()
    _, told = job.communicate(timeout=90)
    # A pool that had nothing to do at that moment is not missed.
    assert job.returncode == 0 or "the same command goes on from there" in told
    assert corpus.instances("prism-killed").items() <= corpus.instances("expected").items()
    left = corpus.objects("prism-killed", "_staging/")
    corpus.convert("prism-killed", *on(job_server, pools[0]))
    assert corpus.instances("prism-killed") == corpus.instances("expected")
    assert set(corpus.objects("prism-killed", "_staging/")) <= set(left)
