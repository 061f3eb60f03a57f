"""Options of engines elsewhere: what is theirs reaches them, and what could not work is refused before it costs."""

from importlib.util import find_spec

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, WorkerOptions

from pipeline.beam_options import beam_options
from pipeline.engines.dataflow import check_workers
from pipeline.engines.flink import FlinkBatchOptions
from pipeline.model.errors import ConfigError
from pipeline.options import parse
from pipeline.submission import is_handed_over

NEEDED = ("--input", "gs://scans/a.svs", "--output", "gs://archive/wsi")
DATAFLOW = (
    "--project=project",
    "--region=europe-west1",
    "--temp_location=gs://bucket/tmp",
    "--sdk_container_image=images/slidebeam:1",
    "--max_num_workers=20",
    "--experiments=no_use_multiple_sdk_containers",
)
FLINK = (
    "--runner=PortableRunner",
    "--job_endpoint=jobserver:8099",
    "--environment_type=EXTERNAL",
    "--environment_config=localhost:50000",
    "--parallelism=8",
    "--sdk_worker_parallelism=1",
    "--execution_mode_for_batch=BATCH_FORCED",
)


def test_dataflow_s_options_pass() -> None:
    request = parse([*NEEDED, *DATAFLOW])
    assert request.beam_arguments == DATAFLOW
    options = beam_options(request.beam_arguments)
    assert options.view_as(GoogleCloudOptions).temp_location == "gs://bucket/tmp"
    assert options.view_as(WorkerOptions).max_num_workers == 20


def test_flink_s_options_pass() -> None:
    request = parse([*NEEDED, *FLINK])
    assert request.beam_arguments == FLINK
    assert beam_options(request.beam_arguments).view_as(FlinkBatchOptions).execution_mode_for_batch == "BATCH_FORCED"


@pytest.mark.parametrize("argument", ["--execution_mode_for_batch=FORCED", "--execution_mode_for_bach=BATCH"])
def test_flink_s_options_are_not_misspelt(argument: str) -> None:
    with pytest.raises(ConfigError, match="execution_mode_for_batch"):
        parse([*NEEDED, "--runner=PortableRunner", argument])


@pytest.mark.skipif(find_spec("google.cloud.dataflow_v1beta3") is not None, reason="the extra dataflow is installed")
@pytest.mark.parametrize("name", ["DataflowRunner", "dataflowrunner"])
def test_dataflow_needs_its_extra(name: str) -> None:
    with pytest.raises(ConfigError, match=r"slidebeam\[dataflow\]"):
        parse([*NEEDED, f"--runner={name}", *DATAFLOW])


def test_dataflow_s_workers_need_slidebeam() -> None:
    check_workers(beam_options(DATAFLOW))
    with pytest.raises(ConfigError, match="--sdk_container_image"):
        check_workers(beam_options(DATAFLOW[:3]))


def test_a_template_is_handed_over() -> None:
    assert is_handed_over((*DATAFLOW, "--template_location=gs://bucket/job"))
    assert not is_handed_over(DATAFLOW)
