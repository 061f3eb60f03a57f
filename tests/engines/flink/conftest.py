"""A Flink cluster and Beam's job server for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators import free_port
from tests.engines.flink.cluster import FlinkCluster, flink_cluster
from tests.engines.flink.home import find_flink, java_options
from tests.engines.programs import Program, running


def lacking(told: str, variable: str) -> None:
    """Skip a test that lacks something; fail it where somebody meant to give it."""
    if os.environ.get(variable):
        pytest.fail(told, pytrace=False)
    pytest.skip(f"{told}: make test-flink")


@pytest.fixture
def flink(tmp_path: Path) -> Iterator[FlinkCluster]:
    """Return a cluster of one JobManager and two TaskManagers."""
    home = find_flink()
    if home is None:
        lacking("no Flink in FLINK_HOME, or no Java development kit", "FLINK_HOME")
    assert home is not None
    with flink_cluster(home, tmp_path / "flink") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def job_server_jar() -> Path:
    """Return Beam's job server for Flink, as a jar of the versions of both."""
    jar = Path(os.environ.get("FLINK_JOB_SERVER_JAR", ""))
    if not jar.is_file():
        lacking("FLINK_JOB_SERVER_JAR names no file", "FLINK_JOB_SERVER_JAR")
    return jar


@pytest.fixture
def flink_jobs(job_server_jar: Path, flink: FlinkCluster, tmp_path: Path) -> Iterator[Program]:
    """Return Beam's job server for the cluster."""
    port = free_port()
    arguments = {
        "flink-master": flink.address,
        "job-host": "localhost",
        "job-port": port,
        "artifact-port": 0,
        "expansion-port": 0,
        "artifacts-dir": tmp_path / "artifacts",
    }
    words = [f"--{name}={value}" for name, value in arguments.items()]
    with running(
        [flink.home.java, *java_options(), "-jar", str(job_server_jar), *words], tmp_path / "job-server", port
    ) as server:
        yield server
