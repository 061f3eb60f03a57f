"""Which engine runs a graph.

Without `--runner` it is Beam's in-process runner, by name: `DirectRunner` is a switch that takes another engine with
another network or graph. Where Beam's own engine would lose elements or wait for ever, ours of the same name stands in.
"""

import socket

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, PortableOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner, create_runner

from pipeline.model.errors import ConfigError

IN_PROCESS = "FnApiRunner"
DASK = "DaskRunner"
DATAFLOW = "DataflowRunner"
_SECONDS_TO_ANSWER = 5
_OF_FLINK = ("flinkrunner", "portablerunner")


def engine_name(options: PipelineOptions) -> str:
    """Return the name of the engine, as `--runner` takes it."""
    name: str | None = options.view_as(StandardOptions).runner
    return name or IN_PROCESS


def engine(options: PipelineOptions) -> PipelineRunner:
    """Return the engine that the options ask for. Raises ConfigError when there is none, or it could not work."""
    name = engine_name(options)
    runner = named_engine(name)
    if _is(name, DATAFLOW):
        from pipeline.engines.dataflow import check_workers

        check_workers(options)
    if _is(name, "PortableRunner"):
        _check_job_server(options.view_as(PortableOptions).job_endpoint)
    if type(runner) is FnApiRunner and options.view_as(DirectOptions).direct_running_mode == "multi_processing":
        from pipeline.engines.processes import WorkerProcesses

        return WorkerProcesses()
    return runner


def new_pipeline(options: PipelineOptions) -> beam.Pipeline:
    """Return an empty pipeline on the engine that the options ask for. Raises ConfigError for what it refuses."""
    runner = engine(options)
    try:
        return beam.Pipeline(runner=runner, options=options)
    except ValueError as error:
        raise ConfigError(f"--runner {engine_name(options)}: {' '.join(str(error).split())}") from error


def named_engine(name: str) -> PipelineRunner:
    """Return the engine of a name; its own options are known to Beam from then on.

    Raises ConfigError when Beam has no runner of the name, or it lacks a library.
    """
    if _is(name, DASK):
        try:
            from pipeline.engines.dask import Dask
        except ImportError as error:
            raise ConfigError(f"--runner {name} needs dask: pip install 'slidebeam[dask]' ({error})") from error
        return Dask()
    if _is(name, DATAFLOW):
        from pipeline.engines.dataflow import check_library

        check_library()
    if _is(name, *_OF_FLINK):
        import pipeline.engines.flink  # noqa: F401  its options are known from here on
    try:
        return create_runner(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(f"--runner {name} is not to be had: {error}") from error


def _check_job_server(endpoint: str | None) -> None:
    """Raise ConfigError where nothing listens: Beam would wait for minutes, and not say for what."""
    if not endpoint:
        raise ConfigError("--runner PortableRunner needs --job_endpoint HOST:PORT, the address of a job server")
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host or "localhost", int(port)), timeout=_SECONDS_TO_ANSWER).close()
    except (OSError, ValueError) as error:
        raise ConfigError(f"--job_endpoint {endpoint}: no job server answers there ({error})") from error


def _is(name: str, *runners: str) -> bool:
    """Whether a name, which Beam takes in any case and with its module before it, is one of the runners'."""
    return name.rpartition(".")[2].lower() in {runner.lower() for runner in runners}
