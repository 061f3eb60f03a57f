"""Bundles that workers fetch when they have nothing to do.

Beam deals the input of a stage out beforehand, element by element, one bundle a worker. Elements are not alike: a run
of pixels takes a hundred times as long as a label, and rows come in the same order for every slide, so that one worker
may get all the large ones and the others wait for it at the next grouping. Here the input is cut into many pieces, in
its order. A worker that is done takes some that follow each other as its next bundle, and fewer towards the end (guided
self-scheduling), so that all workers end at nearly the same time. What follows each other is mostly of one slide: the
worker opens it once, where pieces from everywhere made every worker open every slide over and over.
"""

import copy
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from apache_beam.metrics import monitoring_infos
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, ParallelBundleManager
from apache_beam.runners.portability.fn_api_runner.worker_handlers import WorkerHandler

_PIECES = 4096
"""Of a stage's input; of most, a piece is one element."""
_LEAST_BUNDLES = 16
"""For each worker: a bundle has no more than this share of the input, because work and number of elements may be at
odds. A bundle costs some 10 ms."""

_Part = dict[str, list[bytes]]
"""Encoded elements by input."""


class SharedBundles(ParallelBundleManager):
    """Runs the bundles of one stage."""

    def process_bundle(
        self,
        inputs: Mapping[str, Any],
        expected_outputs: Any,
        fired_timers: Any,
        expected_output_timers: Any,
        dry_run: bool = False,
    ) -> Any:
        """Cut the inputs, run the bundles, and return one result for all."""
        pieces: list[_Part] = [{} for _ in range(_PIECES)]
        for name, elements in inputs.items():
            for piece, share in zip(pieces, elements.partition(len(pieces)), strict=True):
                piece[name] = share
        # The first runs even if it is empty, because a stage has a result; timers go with it.
        waiting = deque([pieces[0], *filter(_has_elements, pieces[1:])])
        first = pieces[0]
        largest = -(-len(waiting) // (_LEAST_BUNDLES * self._num_workers))
        results: list[Any] = []
        lock = threading.Lock()

        def take() -> list[_Part]:
            with lock:
                share = -(-len(waiting) // (2 * self._num_workers))
                return [waiting.popleft() for _ in range(min(largest, share))]

        def work(handler: WorkerHandler) -> None:
            context = copy.copy(self.bundle_context_manager)
            context._worker_handlers = [handler]
            while taken := take():
                bundle = BundleManager(context, self._progress_frequency, self._cache_token_generator)
                part: Any = {name: [data for piece in taken for data in piece[name]] for name in inputs}
                timers = fired_timers if taken[0] is first else {}
                results.append(bundle.process_bundle(part, expected_outputs, timers, expected_output_timers, dry_run))

        handlers = self.bundle_context_manager.worker_handlers
        threads = ThreadPoolExecutor(len(handlers), thread_name_prefix="bundles")
        try:
            ended, _ = wait([threads.submit(work, handler) for handler in handlers], return_when=FIRST_EXCEPTION)
            for one in ended:
                one.result()
        finally:
            # After a failure or an interrupt nobody waits for the workers: they are killed by whom it reaches next.
            with lock:
                waiting.clear()
            threads.shutdown(wait=False)
        return _merged([response for response, _ in results]), [split for _, splits in results for split in splits]


def _has_elements(piece: _Part) -> bool:
    return any(any(share) for share in piece.values())


def _merged(responses: list[Any]) -> beam_fn_api_pb2.InstructionResponse:
    infos = [info for response in responses for info in response.process_bundle.monitoring_infos]
    return beam_fn_api_pb2.InstructionResponse(
        process_bundle=beam_fn_api_pb2.ProcessBundleResponse(monitoring_infos=monitoring_infos.consolidate(infos)),
        error="; ".join(filter(None, (response.error for response in responses))),
    )
