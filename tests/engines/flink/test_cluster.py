"""What the cluster does without Beam: it has the slots that its configuration promises, and outlives a TaskManager.

`Sums.java` stands for the job here. It shows that the restart strategy and the memory of the configuration that ships
work on Flink; it shows nothing about Beam.
"""

import subprocess
from pathlib import Path

import pytest

from tests.engines.flink.cluster import FlinkCluster, wait_until

ROWS = 100
SUMS = Path(__file__).with_name("Sums.java")
ENDED = ("FINISHED", "FAILED", "CANCELED")


def assert_slots(cluster: FlinkCluster) -> None:
    """Hold the cluster to its configuration."""
    promised = len(cluster.task_managers) * cluster.slots_each
    # A TaskManager is registered some moments before it has told its slots.
    wait_until(f"{promised} slots are free", lambda: cluster.get("/overview")["slots-available"] == promised)
    overview = cluster.get("/overview")
    assert (overview["taskmanagers"], overview["slots-total"]) == (len(cluster.task_managers), promised)


def submit(cluster: FlinkCluster, out: Path) -> None:
    """Start a job whose tasks fit one TaskManager."""
    host, port = cluster.address.split(":")
    command = cluster.home.program(SUMS, host, port, str(cluster.slots_each), str(ROWS), str(out))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_job_outlives_a_task_manager(flink: FlinkCluster, tmp_path: Path) -> None:
    assert_slots(flink)
    submit(flink, tmp_path / "sums")
    wait_until("its tasks run", lambda: [job for job in flink.jobs() if job["tasks"]["running"] == flink.slots_each])
    busy = wait_until("a TaskManager works", flink.busy)
    flink.kill_task_manager(busy[0])
    wait_until("the loss is noticed", lambda: flink.registered() == set(flink.task_managers))

    wait_until("the job ends", lambda: flink.jobs()[0]["state"] in ENDED, 180)
    job = flink.jobs()[0]
    assert job["state"] == "FINISHED", flink.get(f"/jobs/{job['jid']}/exceptions")
    assert flink.losses(job["jid"])
    rows = [line for file in (tmp_path / "sums").rglob("*") if file.is_file() for line in file.read_text().splitlines()]
    assert rows == [f"{ROWS},{ROWS * (ROWS + 1) // 2}"]

    flink.start_task_manager("taskmanager-3")
    wait_until("another registers", lambda: flink.registered() == set(flink.task_managers))
    assert_slots(flink)
