"""Which engine a name stands for."""

import sys

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.engines.choice import engine, named_engine
from pipeline.engines.processes import WorkerProcesses
from pipeline.model.errors import ConfigError


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
