"""What a job must know of the engine that it runs on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTraits:
    """Of an engine that nothing is known of, the careful answers."""

    ends_with_us: bool = False
    """Its workers end with the process that began the job, whose death then says that the job is dead."""
    starts_in_seconds: bool = False
    """A further execution of a graph costs little; on others it takes minutes."""
    runs_streams: bool = True
    has_process_a_core: bool = False
    """It starts a worker process a core, unless it is told not to."""
    is_left_running: bool = False
    """A stream goes on there when the process that began it has ended."""


_IN_PROCESS = EngineTraits(ends_with_us=True, starts_in_seconds=True, runs_streams=False)
_TRAITS = {
    "fnapirunner": _IN_PROCESS,
    "bundlebaseddirectrunner": _IN_PROCESS,
    "directrunner": EngineTraits(starts_in_seconds=True),
    "prismrunner": EngineTraits(starts_in_seconds=True),
    "daskrunner": EngineTraits(starts_in_seconds=True, runs_streams=False),
    "dataflowrunner": EngineTraits(has_process_a_core=True, is_left_running=True),
}


def engine_traits(name: str) -> EngineTraits:
    """Return the traits of an engine by its name, which Beam takes in any case and with its module before it."""
    return _TRAITS.get(name.rpartition(".")[2].lower(), EngineTraits())
