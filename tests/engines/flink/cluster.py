"""A real Flink cluster on this machine: one JobManager and several TaskManagers, each a process of its own.

They read the configuration that ships, with the addresses and ports of this machine and less memory.
"""

import json
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.emulators import free_port
from tests.engines.flink.home import SHIPPED, FlinkHome, dynamic, java_options, shipped_configuration

T = TypeVar("T")

_SECONDS = 60
_JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_SMALL = {
    "jobmanager.memory.process.size": "1g",
    "taskmanager.memory.process.size": "1800m",
    "taskmanager.memory.jvm-metaspace.size": "512m",
    "heartbeat.interval": "2000",
    "heartbeat.timeout": "10000",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.attempts-before-reset-backoff": "2",
}
"""What differs from the configuration that ships: sizes that fit two cores, times that fit a test, and fewer attempts
than a TaskManager has slots, so that each slot that is lost must not count as one."""


@dataclass(slots=True)
class FlinkCluster:
    """A running cluster."""

    home: FlinkHome
    folder: Path
    """Configuration, logs and temporary files."""
    settings: Mapping[str, str]
    task_managers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    """By their names in the cluster."""

    @property
    def address(self) -> str:
        """Address of the REST API, host:port."""
        return f"{self.settings['rest.address']}:{self.settings['rest.port']}"

    @property
    def slots_each(self) -> int:
        """Slots of a TaskManager, as the configuration that ships says."""
        slots: int = shipped_configuration()["taskmanager"]["numberOfTaskSlots"]
        return slots

    def get(self, path: str) -> Any:
        """Return what the REST API answers."""
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=_SECONDS) as answer:
            return json.load(answer)

    def registered(self) -> set[str]:
        """Return the names of the TaskManagers that the JobManager has."""
        return {manager["id"] for manager in self.get("/taskmanagers")["taskmanagers"]}

    def busy(self) -> list[str]:
        """Return the names of the TaskManagers that have slots in use."""
        managers = self.get("/taskmanagers")["taskmanagers"]
        return [manager["id"] for manager in managers if manager["freeSlots"] < manager["slotsNumber"]]

    def jobs(self) -> list[dict[str, Any]]:
        """Return the jobs that the cluster knows, the first one first."""
        jobs: list[dict[str, Any]] = self.get("/jobs/overview")["jobs"]
        return sorted(jobs, key=lambda job: job["start-time"])

    def losses(self, job: str) -> list[str]:
        """Return what made a job's tasks fail so far, by name of exception."""
        history = self.get(f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
        return [entry["exceptionName"] for entry in history]

    def start_task_manager(self, name: str) -> None:
        """Start one more TaskManager; it registers by itself."""
        own = {"taskmanager.resource-id": name, "io.tmp.dirs": str(self.folder / f"tmp-{name}")}
        self.task_managers[name] = self._start("TM", name, _TASK_MANAGER, own)

    def kill_task_manager(self, name: str) -> None:
        """Kill a TaskManager with SIGKILL: it can tell nobody."""
        process = self.task_managers.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(_SECONDS)

    def start_job_manager(self) -> "subprocess.Popen[bytes]":
        """Start the JobManager and return its process when its REST API answers."""
        process = self._start("JM", "jobmanager", _JOB_MANAGER, {"io.tmp.dirs": str(self.folder / "tmp-jobmanager")})

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"the JobManager ended: {(self.folder / 'jobmanager.log').read_text()[-4000:]}")
            try:
                self.get("/overview")
            except OSError:
                return False
            return True

        wait_until("the JobManager answers", answers)
        return process

    def _start(self, role: str, name: str, main: str, own: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        settings = {**self.settings, **own}
        jvm, derived = self.home.memory(role, self.folder / "conf", settings)
        logging = f"-Dlog4j.configurationFile=file:{self.folder / 'conf' / 'log4j.properties'}"
        command = [self.home.java, *jvm, *java_options(), logging, "-cp", self.home.class_path, main]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--configDir", str(self.folder / "conf"), *derived, *dynamic(settings)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def flink_cluster(home: FlinkHome, folder: Path, task_managers: int = 2) -> Iterator[FlinkCluster]:
    """Run a cluster until the block ends; it begins when all TaskManagers are registered."""
    conf = folder / "conf"
    conf.mkdir(parents=True)
    shutil.copy(SHIPPED, conf / "config.yaml")
    (conf / "log4j.properties").write_text(_LOG4J)
    settings = {
        **_SMALL,
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": str(free_port()),
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(free_port()),
        "rest.bind-port": "",
        "blob.server.port": "0",
    }
    settings["rest.bind-port"] = settings["rest.port"]
    cluster = FlinkCluster(home, folder, settings)
    with ExitStack() as stack:
        job_manager = cluster.start_job_manager()
        stack.callback(_end, job_manager)
        stack.callback(lambda: [_end(process) for process in cluster.task_managers.values()])
        for number in range(1, task_managers + 1):
            cluster.start_task_manager(f"taskmanager-{number}")
        wait_until("all TaskManagers are registered", lambda: cluster.registered() == set(cluster.task_managers))
        yield cluster


def wait_until(what: str, holds: Callable[[], T], seconds: float = _SECONDS) -> T:
    """Return what a function returns once it is true; raises TimeoutError, with what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.2)
    return answer


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.stdout.ref = Console
appender.stdout.name = Console
appender.stdout.type = CONSOLE
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""
