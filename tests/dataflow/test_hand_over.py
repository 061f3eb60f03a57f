"""The Flex Template's launcher, up to where it needs Google: Beam's Dataflow runner writes the job and its graph.

The launcher's command runs with the versions of the image; the bucket is an emulator, and nothing answers for Dataflow.
Then the graph that was written is run by Beam's in-process runner: it is whole, and needs nothing of the launcher.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from pipeline.io.storage.gcs import GcsBucket
from tests import emulators

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "configs" / "deploy" / "image" / "Dockerfile").read_text("utf-8")
(LAUNCH,) = re.findall(r"^RUN echo '(.+)' > launch.py$", DOCKERFILE, re.MULTILINE)
"""The program that the image gives to the launcher."""
PYTHON = os.environ.get("SLIDEBEAM_DATAFLOW_PYTHON", "")
IMAGE = "europe-west1-docker.pkg.dev/project/images/slidebeam:1"
LARGEST_JOB = 10 << 20
"""Bytes of a job description that Dataflow takes."""
BUCKET = f"gs://{emulators.BUCKET}"

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no environment with the extra `dataflow`: make test-dataflow"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def bucket(sample_slide: Path) -> Iterator[GcsBucket]:
    """Return a bucket with one slide, and with 300 that have nothing but a name and a size."""
    program = emulators.fake_gcs_server()
    with (
        pytest.MonkeyPatch.context() as patch,
        emulators.fake_gcs(program) if program else emulators.gcp_storage_emulator() as url,
    ):
        emulators.use_gcs(url, patch.setenv)
        bucket = GcsBucket(emulators.BUCKET)
        bucket.write("one/a.svs", sample_slide.read_bytes())
        for number in range(300):
            bucket.write(f"many/cohort/{number:04d}.svs", b"II*\0")
        yield bucket


def launch(name: str, slides: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run what a launcher runs, with the arguments that it adds."""
    arguments = {
        "input": slides,
        "output": f"{BUCKET}/out-{name}",
        "research_placeholder": "true",
        "sdk_container_image": IMAGE,
        "runner": "DataflowRunner",
        "project": "project",
        "region": "europe-west1",
        "job_name": name,
        "temp_location": f"{BUCKET}/temp",
        "staging_location": f"{BUCKET}/staging",
        "template_location": f"{BUCKET}/template_launches/{name}/job_object",
        "labels": "{'goog-dataflow-provided-template-type': 'flex'}",
    }
    words = [f"--{key}={value}" for key, value in arguments.items()]
    return subprocess.run(
        # Without an account: the emulator asks for none.
        [PYTHON, "-c", LAUNCH, *words, "--no_auth", *more],
        env={**os.environ, "NO_GCE_CHECK": "true", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def written(bucket: GcsBucket, name: str) -> tuple[dict[str, Any], bytes]:
    """Return the job and the graph that a launch wrote."""
    job = json.loads(loaded(bucket, f"template_launches/{name}/job_object"))
    url = job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"]
    return job, loaded(bucket, url.removeprefix(f"{BUCKET}/"))


def loaded(bucket: GcsBucket, key: str) -> bytes:
    """Return the bytes of an object."""
    data = bucket.load(key)
    assert data is not None, key
    return data


@pytest.mark.slow
def test_the_graph_is_handed_over_whole(bucket: GcsBucket) -> None:
    done = launch("one", f"{BUCKET}/one/*.svs", "--experiments=no_use_multiple_sdk_containers")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    job, graph = written(bucket, "one")
    (pool,) = job["environment"]["workerPools"]
    assert pool["workerHarnessContainerImage"] == IMAGE
    assert "no_use_multiple_sdk_containers" in job["environment"]["experiments"]
    assert job["type"] == "JOB_TYPE_BATCH"

    pipeline = beam_runner_api_pb2.Pipeline.FromString(graph)
    assert {environment.urn for environment in pipeline.components.environments.values()} == {"beam:env:docker:v1"}
    here = EmbeddedPythonEnvironment.default().to_runner_api(None)  # type: ignore[no-untyped-call]
    for environment in pipeline.components.environments.values():
        environment.CopyFrom(here)
    FnApiRunner().run_via_runner_api(pipeline, PipelineOptions([])).wait_until_finish()
    keys = [facts.key for facts in bucket.listed("out-one/")]
    assert sum(key.endswith(".dcm") for key in keys) >= 3
    (reports,) = re.findall(rf"reports will be in {BUCKET}/(\S+)", done.stdout)
    (slide,) = json.loads(loaded(bucket, f"{reports}/report.json"))["slides"]
    assert (slide["slide_id"], slide["status"]) == ("a.svs", "published")


@pytest.mark.slow
def test_the_graph_does_not_grow_with_the_slides(bucket: GcsBucket) -> None:
    for name, slides in (("few", f"{BUCKET}/one/*.svs"), ("many", f"{BUCKET}/many/**/*.svs")):
        done = launch(name, slides)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (few, few_graph), (many, many_graph) = written(bucket, "few"), written(bucket, "many")
    # Names of the jobs are in both.
    assert abs(len(many_graph) - len(few_graph)) < 2000
    assert abs(len(json.dumps(many)) - len(json.dumps(few))) < 200
    assert len(json.dumps(many)) + len(many_graph) < LARGEST_JOB // 10


@pytest.mark.slow
def test_a_job_that_could_not_work_is_not_handed_over(bucket: GcsBucket) -> None:
    done = launch("bare", f"{BUCKET}/one/*.svs", "--sdk_container_image=")
    assert done.returncode == 1
    assert "--sdk_container_image" in done.stderr
    assert bucket.load("template_launches/bare/job_object") is None
    assert list(bucket.listed("out-bare/")) == []
