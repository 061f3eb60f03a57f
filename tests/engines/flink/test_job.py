"""Slides through Beam's job server and a Flink cluster: the bytes of the in-process runner, TaskManagers killed or not.

A worker pool stands beside the cluster, with an object store and nothing else in common. Each TaskManager has a worker
process of its own from it.
"""

import pytest

from tests.engines.flink.cluster import FlinkCluster, wait_until
from tests.engines.jobs import Corpus
from tests.engines.jobs import wait_until as wait_for_job
from tests.engines.programs import Program

# Before all others: without it there is no need of slides, a store and a cluster.
pytestmark = [pytest.mark.usefixtures("job_server_jar"), pytest.mark.timeout(900)]


def on(job_server: Program, pool: Program, flink: FlinkCluster) -> tuple[str, ...]:
    """Return the arguments that run a job there, in as many tasks as one TaskManager has slots."""
    return (
        "--runner=PortableRunner",
        f"--job_endpoint={job_server.address}",
        "--environment_type=EXTERNAL",
        f"--environment_config={pool.address}",
        f"--parallelism={flink.slots_each}",
        "--sdk_worker_parallelism=1",
        "--execution_mode_for_batch=BATCH_FORCED",
        "--threads=1",
    )


@pytest.mark.slow
def test_flink_writes_what_one_process_writes(
    corpus: Corpus, flink: FlinkCluster, flink_jobs: Program, pools: list[Program]
) -> None:
    corpus.convert("flink", *on(flink_jobs, pools[0], flink))
    assert [job["state"] for job in flink.jobs()] == ["FINISHED"]
    assert corpus.instances("flink") == corpus.instances("expected")
    assert corpus.records("flink") == corpus.records("expected")
    assert corpus.objects("flink", "_staging/") == []


@pytest.mark.slow
def test_a_killed_task_manager_costs_at_most_a_rerun(
    corpus: Corpus, flink: FlinkCluster, flink_jobs: Program, pools: list[Program]
) -> None:
    """Flink runs the lost tasks again. Should the job fail all the same, it says so, and a rerun completes it."""
    job = corpus.begin("flink-killed", *on(flink_jobs, pools[0], flink))
    wait_for_job(lambda: corpus.parts("flink-killed") >= 4, job)
    flink.kill_task_manager(flink.busy()[0])
    wait_until("the loss is noticed", lambda: flink.registered() == set(flink.task_managers))
    _, told = job.communicate(timeout=300)
    assert flink.losses(flink.jobs()[0]["jid"])
    if job.returncode:
        assert "the same command goes on from there" in told
        corpus.convert("flink-killed", *on(flink_jobs, pools[0], flink))
    assert corpus.instances("flink-killed") == corpus.instances("expected")
    assert corpus.objects("flink-killed", "_staging/") == []
