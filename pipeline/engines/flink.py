"""Options of Beam's Flink runner that Beam's Python does not know.

The job server would tell them, but only after a connection; a misspelt option is to be told before. What is not given
is not sent, so that other job servers never see them.
"""

import argparse

from apache_beam.options.pipeline_options import PipelineOptions


class FlinkBatchOptions(PipelineOptions):
    """How Flink exchanges rows between the stages of a batch."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--execution_mode_for_batch",
            choices=["PIPELINED", "PIPELINED_FORCED", "BATCH", "BATCH_FORCED"],
            default=None,
            help="BATCH_FORCED writes rows to disk between stages: no stage waits for a slot that another one holds, "
            "and a lost TaskManager costs the stage under way (Flink's runner: PIPELINED)",
        )
        parser.add_argument(
            "--number_of_execution_retries",
            type=int,
            default=None,
            help="times that Flink runs failed tasks again (default: as the cluster is configured)",
        )
