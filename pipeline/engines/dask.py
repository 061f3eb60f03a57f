"""DaskRunner: a graph becomes dask bags, an element of a bag an element of a PCollection, a partition a bundle.

Beam 2.77 has such a runner, and loses what `finish_bundle` yields, gives all slides to one partition, and takes
Reshuffle for nothing, so that one worker would convert everything. Here a bundle keeps all of its elements, and Create
and Reshuffle spread elements evenly over the cluster. Beam's are the options (`--dask_client_address`,
`--dask_scheduler_file`, `--dask_npartitions`) and the overrides that simplify the graph.

A worker that is lost takes its results with it: dask makes them again, on another. Rows only are results, so that
means planning again, and the runs that it had done.
"""

import logging
import secrets
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import apache_beam as beam
import dask
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, Pipeline, PipelineVisitor
from apache_beam.runners.common import DoFnContext, DoFnInvoker, DoFnSignature, Receiver, _OutputHandler
from apache_beam.runners.dask import overrides
from apache_beam.runners.dask.dask_runner import DaskOptions, DaskRunner, DaskRunnerResult
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue
from dask.bag import Bag, concat, from_sequence
from dask.bag.core import groupby_tasks
from dask.distributed import Client, Future

from pipeline.engines.dask_metrics import DaskMetrics, told_to_scheduler

_PARTITIONS_A_THREAD = 8
"""Of a small cluster: enough that a worker that is done early finds more to do."""
_ENOUGH_PARTITIONS = 32
"""More only where threads would have fewer than two each: a shuffle takes their square in tasks of a millisecond."""


class Dask(DaskRunner):
    """Runs on a dask cluster, or on one that it starts on this machine."""

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> "DaskResult":
        """Hand the graph to the scheduler."""
        arguments = options.view_as(DaskOptions).get_all_options(drop_default=True, current_only=True)
        partitions = DaskOptions._extract_bag_kwargs(arguments).get("npartitions")
        # Of the workers that it starts itself, it would tell how it ends them.
        logging.getLogger("distributed").setLevel(logging.ERROR)
        client = Client(**arguments)
        threads = sum(client.nthreads().values())
        pipeline.replace_all(overrides.dask_overrides())
        topic = f"slidebeam-{secrets.token_hex(8)}"
        bags = _Bags(partitions or _partitions(max(1, threads)), topic)
        pipeline.visit(bags)
        return DaskResult(client, client.compute(dask.optimize(bags.leaf)), topic)


class DaskResult(DaskRunnerResult):
    """A job on a dask cluster."""

    def __init__(self, client: Client, futures: Sequence[Future], topic: str) -> None:
        super().__init__(client, futures)
        self._topic = topic
        self._metrics = DaskMetrics(())

    def wait_until_finish(self, duration: int | None = None) -> str:
        """Wait, and leave the cluster; raises what a worker raised."""
        try:
            state: str = super().wait_until_finish(duration)
            self._metrics = DaskMetrics(event for _, event in self.client.get_events(self._topic))
            return state
        except BaseException:
            self.client.cancel(self.futures)
            raise
        finally:
            self.client.close()

    def metrics(self) -> DaskMetrics:
        """Return what the workers counted, once the job has ended."""
        return self._metrics


class _Bags(PipelineVisitor):
    """Makes the bag of every transform of a graph."""

    def __init__(self, partitions: int, topic: str) -> None:
        self._partitions = partitions
        self._topic = topic
        self._bags: dict[AppliedPTransform, Bag] = {}

    @property
    def leaf(self) -> Bag:
        """The bag of what was visited last: the graph has a single leaf, and what does not lead to it would not run."""
        return list(self._bags.values())[-1]

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        """Make a transform's bag of those of its inputs."""
        inputs = [self._bags[value.producer] for value in transform_node.inputs if value.producer in self._bags]
        self._bags[transform_node] = self._bag(transform_node, inputs)

    def _bag(self, node: AppliedPTransform, inputs: list[Bag]) -> Bag:
        transform = node.transform
        if isinstance(transform, overrides._Create):
            return from_sequence(
                list(transform.values), npartitions=min(self._partitions, max(1, len(transform.values)))
            )
        if isinstance(transform, overrides._Flatten):
            return concat(inputs)
        if isinstance(transform, overrides._Reshuffle):
            return _spread(inputs[0], self._partitions)
        if isinstance(transform, overrides._GroupByKeyOnly):
            few = inputs[0].repartition(npartitions=min(self._partitions, inputs[0].npartitions))
            return groupby_tasks(few, itemgetter(0)).map(_without_windows)
        if type(transform) is beam.ParDo:
            arguments, keywords = transform.raw_side_inputs
            step = (self._topic, node.full_label)
            return inputs[0].map_partitions(_run_bundle, transform.fn, step, list(arguments), keywords)
        return inputs[0]  # what remains of a composite, and GroupAlsoByWindow: there is one window


def _partitions(threads: int) -> int:
    return min(_PARTITIONS_A_THREAD * threads, max(_ENOUGH_PARTITIONS, 2 * threads))


def _spread(bag: Bag, partitions: int) -> Bag:
    """Deal the elements of each partition out over as many partitions, one after the other."""
    numbered = bag.repartition(npartitions=partitions).map_partitions(_numbered, partitions)
    dealt = groupby_tasks(numbered, itemgetter(0), hash=int)
    return dealt.map(itemgetter(1)).flatten().map(itemgetter(1))


def _numbered(elements: Iterable[Any], partitions: int) -> list[tuple[int, Any]]:
    return [(number % partitions, element) for number, element in enumerate(elements)]


def _without_windows(group: tuple[Any, list[tuple[Any, WindowedValue]]]) -> tuple[Any, list[Any]]:
    key, pairs = group
    return key, [value.value for _, value in pairs]


class _Kept(Receiver):
    """Receives what a DoFn yields."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def receive(self, windowed_value: WindowedValue) -> None:
        """Keep the value."""
        self.values.append(windowed_value.value)


def _run_bundle(
    elements: Iterable[Any], fn: beam.DoFn, step: tuple[str, str], arguments: list[Any], keywords: Any
) -> list[Any]:
    """Put the elements of a partition through a DoFn, from setup to teardown; `step` is its topic and label."""
    kept = _Kept()
    invoker = DoFnInvoker.create_invoker(
        DoFnSignature(fn),
        _OutputHandler(
            window_fn=GlobalWindows(),
            main_receivers=kept,
            tagged_receivers={},
            per_element_output_counter=None,
            output_batch_converter=None,
            process_yields_batches=False,
            process_batch_yields_elements=False,
        ),
        context=DoFnContext(step[1], state=None),
        side_inputs=None,
        input_args=arguments,
        input_kwargs=keywords,
        user_state_context=None,
        bundle_finalizer_param=beam.DoFn.BundleFinalizerParam(),
    )
    invoker.invoke_setup()
    try:
        with told_to_scheduler(*step):
            invoker.invoke_start_bundle()
            for element in elements:
                invoker.invoke_process(GlobalWindows.windowed_value(element))
            invoker.invoke_finish_bundle()
    finally:
        invoker.invoke_teardown()
    return kept.values
