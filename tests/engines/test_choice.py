"""Which engine a name stands for."""

import sys
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.engines.choice import engine, named_engine
from pipeline.engines.processes import WorkerProcesses
from pipeline.engines.traits import engine_traits
from pipeline.job import run_job
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], FnApiRunner),
        (["--runner=FnApiRunner"], FnApiRunner),
        (["--direct_running_mode=multi_processing", "--direct_num_workers=2"], WorkerProcesses),
    ],
)
def test_without_a_name_it_is_the_in_process_runner(arguments: list[str], expected: type) -> None:
    assert type(engine(PipelineOptions(arguments))) is expected


def test_dask_is_ours() -> None:
    """Whatever way Beam would let it be written."""
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    module = "apache_beam.runners.dask.dask_runner.DaskRunner"
    assert {type(named_engine(name)).__module__ for name in ("DaskRunner", "daskrunner", module)} == {
        "pipeline.engines.dask"
    }


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(ConfigError, match="--runner NoSuchRunner is not to be had"):
        named_engine("NoSuchRunner")


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "pipeline.engines.dask", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'slidebeam\[dask\]'"):
        named_engine("DaskRunner")


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("", "needs --job_endpoint"),
        ("localhost:1", "no job server answers"),
        ("localhost", "no job server answers"),
    ],
)
def test_a_job_server_that_does_not_answer_is_told_before_anything_is_written(
    endpoint: str, told: str, tmp_path: Path
) -> None:
    slide, config = tmp_path / "a.svs", ConversionConfig(output=str(tmp_path / "out"))
    slide.write_bytes(b"slide")
    arguments = ("--runner=PortableRunner", *([f"--job_endpoint={endpoint}"] if endpoint else []))
    with pytest.raises(ConfigError, match=told):
        run_job([SlideInput(uri=str(slide), slide_id="a.svs")], config, arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["DataflowRunner", "dataflowrunner", "apache_beam.runners.DataflowRunner"])
def test_an_engine_is_known_in_any_case_and_with_its_module(name: str) -> None:
    assert engine_traits(name).has_process_a_core
    assert not engine_traits(name).starts_in_seconds


def test_of_an_engine_that_nobody_knows_the_careful_answers_hold() -> None:
    traits = engine_traits("SparkRunner")
    assert not traits.ends_with_us
    assert not traits.starts_in_seconds
