"""Bundles that workers fetch when they have nothing to do.

Beam deals the input of a stage out beforehand, element by element, one bundle a worker. Elements are not alike: a run
of pixels takes a hundred times as long as a label, and rows come in the same order for every slide, so that one worker
may get all the large ones and the others wait for it at the next grouping. Here a stage is cut into more bundles than
there are workers, and a worker that is done takes the next.
"""

import copy
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apache_beam.metrics import monitoring_infos
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, ParallelBundleManager
from apache_beam.runners.portability.fn_api_runner.worker_handlers import WorkerHandler

_BUNDLES_A_WORKER = 6
"""Of a stage: a bundle costs some 10 ms, and the last ones are what workers wait for."""


class SharedBundles(ParallelBundleManager):  # type: ignore[misc]
    """Runs the bundles of one stage."""

    def process_bundle(
        self,
        inputs: Mapping[str, Any],
        expected_outputs: Any,
        fired_timers: Any,
        expected_output_timers: Any,
        dry_run: bool = False,
    ) -> Any:
        """Cut the inputs, run the parts, and return one result for all."""
        parts: list[dict[str, Any]] = [{} for _ in range(self._num_workers * _BUNDLES_A_WORKER)]
        for name, elements in inputs.items():
            for part, share in zip(parts, elements.partition(len(parts)), strict=True):
                part[name] = share
        # Timers go with the first part, which runs even if it is empty: a stage has a result.
        waiting = deque([(parts[0], fired_timers), *((part, {}) for part in parts[1:] if _has_elements(part))])
        results: list[Any] = []
        stop = threading.Event()

        def work(handler: WorkerHandler) -> None:
            context = copy.copy(self.bundle_context_manager)
            context._worker_handlers = [handler]
            while not stop.is_set():
                try:
                    part, timers = waiting.popleft()
                except IndexError:
                    return
                bundle = BundleManager(context, self._progress_frequency, self._cache_token_generator)
                try:
                    results.append(
                        bundle.process_bundle(part, expected_outputs, timers, expected_output_timers, dry_run)
                    )
                except BaseException:
                    stop.set()
                    raise

        handlers = self.bundle_context_manager.worker_handlers
        with ThreadPoolExecutor(len(handlers), thread_name_prefix="bundles") as threads:
            for done in [threads.submit(work, handler) for handler in handlers]:
                done.result()
        return _merged([response for response, _ in results]), [split for _, splits in results for split in splits]


def _has_elements(part: Mapping[str, Any]) -> bool:
    return any(any(chunk for chunk in share) for share in part.values())


def _merged(responses: list[Any]) -> beam_fn_api_pb2.InstructionResponse:
    infos = [info for response in responses for info in response.process_bundle.monitoring_infos]
    return beam_fn_api_pb2.InstructionResponse(
        process_bundle=beam_fn_api_pb2.ProcessBundleResponse(monitoring_infos=monitoring_infos.consolidate(infos)),
        error="; ".join(filter(None, (response.error for response in responses))),
    )
