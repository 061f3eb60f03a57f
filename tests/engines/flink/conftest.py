"""A Flink cluster and Beam's job server for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators import free_port
from tests.engines.conftest import skip_or_fail
from tests.engines.flink.cluster import FlinkCluster, flink_cluster
from tests.engines.flink.home import find_flink, java_options
from tests.engines.programs import Program, running


@pytest.fixture
def flink(tmp_path: Path) -> Iterator[FlinkCluster]:
    """Return a cluster of one JobManager and two TaskManagers."""
    home = find_flink()
    if home is None:
        skip_or_fail("no Flink in FLINK_HOME, or no Java development kit: make test-flink", in_ci=False)
    assert home is not None
    with flink_cluster(home, tmp_path / "flink") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def job_server_jar() -> Path:
    """Return Beam's job server for Flink, as a jar of the versions of both."""
    jar = Path(os.environ.get("FLINK_JOB_SERVER_JAR", ""))
    if not jar.is_file():
        skip_or_fail("FLINK_JOB_SERVER_JAR names no file: make test-flink", in_ci=False)
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
    with running([flink.home.java, *java_options(), "-jar", str(job_server_jar), *words], tmp_path / "job-server", port) as server:
        yield server
