"""Whether an engine may go on without the process that began the job: then its death says nothing of the job's."""

from collections.abc import Sequence

from pipeline.beam_options import beam_options
from pipeline.engines.choice import IN_PROCESS, engine_name

_ENDING_WITH_US = frozenset((IN_PROCESS.lower(), "bundlebaseddirectrunner"))
"""They run in this process, or (multi_processing) in some that the kernel ends with it."""


def is_detached(beam_arguments: Sequence[str]) -> bool:
    """Whether it is so for these arguments of Beam, as far as the engine is not known to end with this process."""
    return engine_name(beam_options(beam_arguments)).rpartition(".")[2].lower() not in _ENDING_WITH_US
