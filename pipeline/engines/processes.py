"""multi_processing: Beam's in-process runner with worker processes that may die.

Beam starts its workers through a shell, lets them write their log on the terminal, and waits for ever for one that was
killed. Here a worker is a child of this process (`pipeline.engines.worker_process`); when it ends before the job does,
whatever waits for it fails, and so does the job, saying how the worker ended. A job that fails or is interrupted kills
its workers: they have nothing that a rerun would miss. Bundles are not dealt out beforehand
(`pipeline.engines.sharing`).
"""

import os
import threading
from collections import defaultdict
from contextlib import suppress
from typing import Any, cast

import grpc
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.pipeline import Pipeline
from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, ParallelBundleManager
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    ControlConnection,
    ControlFuture,
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.transforms.environments import Environment
from google.protobuf import json_format, text_format

from pipeline.engines.sharing import SharedBundles
from pipeline.engines.streams import broken_streams_unsaid
from pipeline.engines.worker_process import WorkerProcess, give_back, take_worker

_URN = "slidebeam:env:worker_process:v1"
_SECONDS_TO_DIE = 1


class WorkerProcesses(FnApiRunner):
    """Runs `--direct_num_workers` worker processes on this machine."""

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> Any:
        """Run to the end; raises RuntimeError when a bundle fails or a worker dies."""
        # Otherwise Beam would take its own worker processes.
        options.view_as(DirectOptions).direct_running_mode = None
        run = os.urandom(8)
        self._default_environment = _WorkerProcess(run)
        try:
            with broken_streams_unsaid():
                return super().run_pipeline(pipeline, options)
        except Exception as error:
            # A stream that breaks is noticed before the death that broke it.
            if deaths := [death for worker in _workers[run] if (death := worker.death(_SECONDS_TO_DIE))]:
                raise RuntimeError(deaths[0]) from error
            raise
        finally:
            del _workers[run]

    def _get_bundle_manager(self, bundle_context_manager: Any) -> BundleManager:
        manager: BundleManager = super()._get_bundle_manager(bundle_context_manager)
        if type(manager) is not ParallelBundleManager:
            return manager
        return SharedBundles(bundle_context_manager, manager._progress_frequency, manager._cache_token_generator)


class _WorkerProcess(Environment):
    """The environment that `_Worker` makes."""

    def __init__(self, run: bytes) -> None:
        super().__init__()
        self._run = run

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        return _URN, self._run


class _Worker(GrpcWorkerHandler):
    """One worker process, for the time of one run."""

    def __init__(self, run: bytes, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._conversation = _Conversation(self.control_conn)
        self.control_conn = cast(ControlConnection, self._conversation)
        self._process: WorkerProcess | None = None
        _workers[run].append(self)

    def start_worker(self) -> None:
        address = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        runner = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(address),
            "PIPELINE_OPTIONS": json_format.MessageToJson(self.provision_info.provision_info.pipeline_options),
            "WORKER_ID": self.worker_id,
        }
        self._process = take_worker()
        self._process.serve(runner, lambda: self._conversation.fail("the worker process ended"))

    def death(self, seconds: float) -> str:
        """Say how the process died, if it did."""
        return self._process.death(seconds) if self._process is not None else ""

    def close(self) -> None:
        if self._conversation.waits and self._process is not None:
            self._process.kill()
        self._conversation.close()
        with suppress(grpc.RpcError):  # the stream broke: what waited for it has failed
            self.data_conn.close()
        self.stop_worker()

    def stop_worker(self) -> None:
        if self._process is not None:
            give_back(self._process)


class _Conversation:
    """Instructions to a worker and their answers, which are an error once the worker is dead."""

    def __init__(self, connection: ControlConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._answers: list[ControlFuture] = []
        self._failure = ""

    @property
    def waits(self) -> bool:
        """Whether the worker has not answered all."""
        return any(not answer.is_done() for answer in self._answers)

    def push(self, request: beam_fn_api_pb2.InstructionRequest) -> ControlFuture:
        """Send an instruction."""
        answer = cast(ControlFuture, self._connection.push(request))
        with self._lock:
            self._answers = [*(other for other in self._answers if not other.is_done()), answer]
            self._answer_with_failure()
        return answer

    def fail(self, reason: str) -> None:
        """Answer with an error what was asked and whatever will be."""
        with self._lock:
            self._failure = reason
            self._answer_with_failure()

    def close(self) -> None:
        """Tell the worker that there is no more."""
        self._connection.close()

    def _answer_with_failure(self) -> None:
        for answer in self._answers if self._failure else ():
            if not answer.is_done():
                error = beam_fn_api_pb2.InstructionResponse(instruction_id=answer.instruction_id, error=self._failure)
                answer.set(error)


_workers: defaultdict[bytes, list[_Worker]] = defaultdict(list)
"""The workers of each run: Beam makes them and knows no way from the runner to them."""

WorkerHandler.register_environment(_URN, bytes)(_Worker)
