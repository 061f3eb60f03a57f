"""Flink's files: the configuration holds together, and the command is one that the command line takes."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.options import parse

FLINK = Path(__file__).resolve().parents[2] / "configs" / "deploy" / "flink"
CONFIGURATION: dict[str, Any] = yaml.safe_load((FLINK / "config.yaml").read_text("utf-8"))


def test_a_lost_task_manager_is_one_attempt() -> None:
    """Flink 1.20 counts each lost task with every other strategy (`tests/engines/flink/test_cluster.py`)."""
    assert CONFIGURATION["restart-strategy"]["type"] == "exponential-delay"
    assert CONFIGURATION["restart-strategy"]["exponential-delay"]["attempts-before-reset-backoff"] >= 2


def test_slots_of_two_task_managers_are_used() -> None:
    assert CONFIGURATION["parallelism"]["default"] == 2 * CONFIGURATION["taskmanager"]["numberOfTaskSlots"]


def test_the_command_is_taken(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', "utf-8")
    python.chmod(0o755)
    done = subprocess.run(
        [FLINK / "submit.sh", "gs://scans/**/*.svs", "gs://archive/wsi", "--profile", "google"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "JOB_SERVER": "jobserver:8099", "PARALLELISM": "8"},
        capture_output=True,
        text=True,
        check=True,
    )
    module, arguments = done.stdout.splitlines()[:2], done.stdout.splitlines()[2:]
    assert module == ["-m", "pipeline.run"]
    request = parse(arguments)
    assert (request.inputs, request.config.output) == (("gs://scans/**/*.svs",), "gs://archive/wsi")
    assert request.config.profile.name == "google"
    assert {"PortableRunner", "jobserver:8099", "EXTERNAL", "localhost:50000"} <= set(request.beam_arguments)


def test_the_command_names_what_it_lacks() -> None:
    done = subprocess.run(
        [FLINK / "submit.sh", "a", "b"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "JOB_SERVER" in done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (FLINK / "worker-pool.service").read_text("utf-8").replace("/opt/slidebeam/bin/python", "/bin/true")
    copy = tmp_path / "worker-pool.service"
    copy.write_text(unit, "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert "worker-pool" not in done.stderr, done.stderr
