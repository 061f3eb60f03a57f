"""One worker to a runner, several worker pools behind it.

Prism gives each environment of a job exactly one worker, so that of several pools it would use one. This program
stands between: to Prism it is a worker pool whose worker takes any number of bundles at once; behind it, each bundle
goes to a worker of a pool of its own, with its data, its state requests, and whatever Prism asks about it. It speaks
nothing but the portable protocol (beam_fn_api.proto), so that a bundle meets in a worker what it meets on a cluster.

`python -m tests.engines.fan_out PORT POOL [POOL ...]`
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2 as fn
from apache_beam.portability.api import beam_fn_api_pb2_grpc as fn_grpc
from apache_beam.portability.api import endpoints_pb2

_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_ABOUT_A_BUNDLE = ("process_bundle_progress", "process_bundle_split", "finalize_bundle")
_SECONDS_TO_ASK_AGAIN = 0.1


@dataclass
class _Worker:
    """A worker of one of the pools."""

    pool: str
    worker_id: str
    instructions: "SimpleQueue[Any]" = field(default_factory=SimpleQueue)
    elements: "SimpleQueue[Any]" = field(default_factory=SimpleQueue)
    state: "SimpleQueue[Any]" = field(default_factory=SimpleQueue)
    open: set[str] = field(default_factory=set)
    """Instructions that it has not answered."""
    lost: bool = False


class _Metrics:
    """Short names of metrics: each worker makes up its own, and the runner takes them for those of one worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[tuple[Any, ...], str] = {}
        self._infos: dict[str, Any] = {}

    def name_anew(self, answer: fn.InstructionResponse) -> None:
        """Give the metrics of an answer names that hold for all workers.

        Those of a bundle that is at work are left out: Prism splits what does not seem to move.
        """
        kind = answer.WhichOneof("response")
        if kind == "process_bundle_progress":
            answer.process_bundle_progress.ClearField("monitoring_infos")
            answer.process_bundle_progress.ClearField("monitoring_data")
        elif kind == "process_bundle":
            answer.process_bundle.monitoring_data.clear()
            for info in answer.process_bundle.monitoring_infos:
                answer.process_bundle.monitoring_data[self._name(info)] = info.payload

    def described(self, instruction: fn.InstructionRequest) -> fn.InstructionResponse:
        """Answer what names stand for."""
        asked = instruction.monitoring_infos.monitoring_info_id
        with self._lock:
            infos = {name: self._infos[name] for name in asked}
        return fn.InstructionResponse(
            instruction_id=instruction.instruction_id,
            monitoring_infos=fn.MonitoringInfosMetadataResponse(monitoring_info=infos),
        )

    def _name(self, info: Any) -> str:
        key = (info.urn, info.type, *sorted(info.labels.items()))
        with self._lock:
            if key not in self._names:
                name = self._names[key] = f"m{len(self._names)}"
                self._infos[name] = type(info)(urn=info.urn, type=info.type, labels=info.labels)
            return self._names[key]


class _Job(fn_grpc.BeamFnControlServicer, fn_grpc.BeamFnDataServicer, fn_grpc.BeamFnStateServicer):  # type: ignore[misc]
    """What stands for one worker of the runner."""

    def __init__(self, request: fn.StartWorkerRequest, pools: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, _Worker] = {}
        self._metrics = _Metrics()
        self._splits: dict[str, Any] = {}
        self._workers = {
            worker_id: _Worker(pool, worker_id)
            for worker_id, pool in ((f"{request.worker_id}-{n}", pool) for n, pool in enumerate(pools))
        }
        self._server = grpc.server(ThreadPoolExecutor(64), options=_OPTIONS)
        fn_grpc.add_BeamFnControlServicer_to_server(self, self._server)
        fn_grpc.add_BeamFnDataServicer_to_server(self, self._server)
        fn_grpc.add_BeamFnStateServicer_to_server(self, self._server)
        self._address = f"localhost:{self._server.add_insecure_port('localhost:0')}"
        self._server.start()
        self._metadata = (("worker_id", request.worker_id),)
        channel = grpc.insecure_channel(request.control_endpoint.url, options=_OPTIONS)
        self._runner = fn_grpc.BeamFnControlStub(channel)
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._elements: SimpleQueue[Any] = SimpleQueue()
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._listen(self._runner.Control, self._answers, self._instruct)
        self._listen(fn_grpc.BeamFnDataStub(channel).Data, self._elements, self._deal)
        self._listen(fn_grpc.BeamFnStateStub(channel).State, self._requests, self._return_state)
        for worker in self._workers.values():
            here = endpoints_pb2.ApiServiceDescriptor(url=self._address)
            with grpc.insecure_channel(worker.pool) as pool:
                fn_grpc.BeamFnExternalWorkerPoolStub(pool).StartWorker(
                    fn.StartWorkerRequest(worker_id=worker.worker_id, control_endpoint=here)
                )

    def stop(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.instructions.put(None)
        for queue in (self._answers, self._elements, self._requests):
            queue.put(None)
        self._server.stop(grace=1)

    def Control(self, request_iterator: Iterable[Any], context: Any) -> Iterator[Any]:
        """Instructions to a worker; its answers go to the runner."""
        worker = self._caller(context)
        context.add_callback(lambda: self._lose(worker))
        threading.Thread(target=self._answer, args=(worker, request_iterator), daemon=True).start()
        yield from iter(worker.instructions.get, None)

    def GetProcessBundleDescriptor(self, request: Any, context: Any) -> Any:
        """Return the runner's descriptor, with this program as the place of data and state."""
        descriptor = self._runner.GetProcessBundleDescriptor(request, metadata=self._metadata)
        if descriptor.state_api_service_descriptor.url:
            descriptor.state_api_service_descriptor.url = self._address
        for transform in descriptor.transforms.values():
            if transform.spec.urn in ("beam:runner:source:v1", "beam:runner:sink:v1"):
                port = fn.RemoteGrpcPort.FromString(transform.spec.payload)
                port.api_service_descriptor.url = self._address
                transform.spec.payload = port.SerializeToString()
        return descriptor

    def Data(self, request_iterator: Iterable[Any], context: Any) -> Iterator[Any]:
        """Elements to and from a worker."""
        worker = self._caller(context)
        context.add_callback(lambda: worker.elements.put(None))
        _drain(request_iterator, self._elements.put)
        yield from iter(worker.elements.get, None)

    def State(self, request_iterator: Iterable[Any], context: Any) -> Iterator[Any]:
        """State requests of a worker, told apart by its name before theirs."""
        worker = self._caller(context)
        context.add_callback(lambda: worker.state.put(None))

        def ask(request: Any) -> None:
            request.id = f"{worker.worker_id}/{request.id}"
            self._requests.put(request)

        _drain(request_iterator, ask)
        yield from iter(worker.state.get, None)

    def _caller(self, context: Any) -> _Worker:
        return self._workers[dict(context.invocation_metadata())["worker_id"]]

    def _listen(self, call: Any, sent: "SimpleQueue[Any]", receive: Callable[[Any], None]) -> None:
        _drain(call(iter(sent.get, None), metadata=self._metadata), receive)

    def _owner(self, bundle: str) -> _Worker:
        """Return the worker of a bundle; a new one gets the worker that has least to do."""
        with self._lock:
            if bundle not in self._owners:
                at_work = [worker for worker in self._workers.values() if not worker.lost] or [*self._workers.values()]
                owned = list(self._owners.values())
                self._owners[bundle] = min(at_work, key=lambda worker: (len(worker.open), owned.count(worker)))
            return self._owners[bundle]

    def _instruct(self, instruction: Any) -> None:
        kind = instruction.WhichOneof("request")
        if kind == "monitoring_infos":
            self._answers.put(self._metrics.described(instruction))
            return
        about = getattr(instruction, kind) if kind in _ABOUT_A_BUNDLE else instruction
        worker = self._owner(about.instruction_id)
        if kind == "process_bundle_split":
            self._splits[instruction.instruction_id] = instruction
        worker.open.add(instruction.instruction_id)
        worker.instructions.put(instruction)
        if worker.lost:
            self._lose(worker)

    def _answer(self, worker: _Worker, answers: Iterable[Any]) -> None:
        try:
            for answer in answers:
                if self._asks_again(worker, answer):
                    continue
                worker.open.discard(answer.instruction_id)
                self._metrics.name_anew(answer)
                self._answers.put(answer)
        except grpc.RpcError:
            self._lose(worker)

    def _asks_again(self, worker: _Worker, answer: Any) -> bool:
        """Ask a worker again to split a bundle that it had not begun.

        Prism asks when a bundle has not moved for a tenth of a second, and never again when the answer is no.
        """
        split = self._splits.get(answer.instruction_id)
        if split is None or answer.process_bundle_split.channel_splits:
            return False
        if split.process_bundle_split.instruction_id in worker.open:
            threading.Timer(_SECONDS_TO_ASK_AGAIN, worker.instructions.put, (split,)).start()
            return True
        answer.error = ""
        answer.process_bundle_split.SetInParent()
        return False

    def _lose(self, worker: _Worker) -> None:
        worker.lost = True
        worker.instructions.put(None)
        while worker.open:
            lost = fn.InstructionResponse(instruction_id=worker.open.pop(), error=f"{worker.worker_id} was lost")
            self._answers.put(lost)

    def _deal(self, elements: Any) -> None:
        for data in elements.data:
            self._owner(data.instruction_id).elements.put(fn.Elements(data=[data]))
        for timers in elements.timers:
            self._owner(timers.instruction_id).elements.put(fn.Elements(timers=[timers]))

    def _return_state(self, response: Any) -> None:
        worker_id, _, response.id = response.id.partition("/")
        self._workers[worker_id].state.put(response)


def _drain(messages: Iterable[Any], receive: Callable[[Any], None]) -> None:
    """Give all messages of a stream to a function, in a thread, until the stream ends or breaks."""

    def run() -> None:
        try:
            for message in messages:
                receive(message)
        except grpc.RpcError:
            return

    threading.Thread(target=run, daemon=True).start()


class FanOut(fn_grpc.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """A worker pool that starts one worker in each of several pools."""

    def __init__(self, pools: Iterable[str]) -> None:
        self._pools = tuple(pools)
        self._jobs: dict[str, _Job] = {}

    def StartWorker(self, request: Any, context: Any) -> Any:
        """Start the workers."""
        self._jobs[request.worker_id] = _Job(request, self._pools)
        return fn.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        """Stop them."""
        if job := self._jobs.pop(request.worker_id, None):
            job.stop()
        return fn.StopWorkerResponse()


def main(port: str, *pools: str) -> None:
    """Serve until the process is ended."""
    server = grpc.server(ThreadPoolExecutor(8), options=_OPTIONS)
    fn_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(FanOut(pools), server)
    server.add_insecure_port(f"localhost:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
