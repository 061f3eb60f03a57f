"""What jobs of waves do once Beam is imported: look, own, convert, tidy up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.beam_options import beam_options
from pipeline.engines.choice import engine_name, new_pipeline
from pipeline.engines.traits import EngineTraits, engine_traits
from pipeline.finished import without_finished
from pipeline.interruption import Interruption
from pipeline.io.deidentification.names import renamed
from pipeline.io.reports.live import LiveReport
from pipeline.io.reports.progress import BOARD
from pipeline.io.reports.tally import JobTally
from pipeline.io.sources.stamp import all_stamped
from pipeline.io.staging.leftovers import remove_leftovers
from pipeline.io.staging.owner import this_process
from pipeline.io.staging.ownership import Ownership
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.io.storage.staged import OWNER_FILE
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.preflight import check_ready
from pipeline.wave_conversion import WaveConversions
from pipeline.waves import waves_of

_LOOKED_AT_ONCE = 1000
"""Slides whose records are looked at together: of those that are finished the records are held until they are told."""

ReportSeen = Callable[[dict[str, Any]], None]


class Job:
    """A job under way: its slides are converted in waves under one name, and what it staged is its own."""

    def __init__(self, name: str, config: ConversionConfig, beam_arguments: Sequence[str]) -> None:
        """Look at the engine: raises ConfigError where there is none, or it refuses its options."""
        self.name = name
        self.config = config
        self.beam_arguments = beam_arguments
        self.traits = traits_of(beam_arguments)
        self.store: OutputStore = open_store(config.output, name)

    def make_ready(self, inputs: Sequence[SlideInput]) -> None:
        """Check what would fail all slides, and remove what dead jobs left. Raises StorageError and CodecError."""
        check_ready(inputs, self.config, self.name)
        self.store.prepare()
        remove_leftovers(self.store)

    @contextmanager
    def running(self, tally: JobTally) -> Iterator[WaveConversions]:
        """Own the staging area and keep the job's page current while the block runs."""
        BOARD.reset()
        with (
            Ownership(self.store, detached=not self.traits.ends_with_us),
            LiveReport(self.store, tally, BOARD) as live,
        ):
            yield WaveConversions(self.name, self.config, self.beam_arguments, live, numbered=tally.numbered)

    def waves(self, slides: Sequence[SlideInput]) -> list[tuple[SlideInput, ...]]:
        """Cut slides into waves."""
        return waves_of(slides, self.config, self.store, remote=not self.traits.starts_in_seconds)


def convert_all(job: Job, inputs: Sequence[SlideInput], interruption: Interruption, on_wave: ReportSeen) -> JobTally:
    """Convert the slides of a job that begins and ends; `on_wave` receives each wave's report."""
    job.make_ready(inputs)
    slides = renamed(all_stamped(inputs), job.config)
    looks = [slides[at : at + _LOOKED_AT_ONCE] for at in range(0, len(slides), _LOOKED_AT_ONCE)]
    finished, rest = without_finished(looks[0], job.config, job.store)
    waves = job.waves(rest) if len(looks) == 1 else None
    known = None if waves is None else len(waves) + bool(finished)
    tally = JobTally(job.name, job.config, slides=len(slides), bytes=_listed_bytes(slides), waves=known)
    with job.running(tally) as conversions:
        if finished:
            on_wave(conversions.skip(finished, _listed_bytes(looks[0]) - _listed_bytes(rest)))
        for look in looks[1:]:
            interruption.check()
            finished, others = without_finished(look, job.config, job.store)
            if finished:
                on_wave(conversions.skip(finished, _listed_bytes(look) - _listed_bytes(others)))
            rest += others
        if waves is None:
            waves = job.waves(rest)
            tally.expected_waves = tally.waves + len(waves)
        for wave in waves:
            interruption.check()
            on_wave(conversions.convert(wave))
    remove_leftovers(job.store)
    job.store.clean_job()
    return tally


def _listed_bytes(slides: Sequence[SlideInput]) -> int:
    return sum(slide.bytes for slide in slides)


def traits_of(beam_arguments: Sequence[str]) -> EngineTraits:
    """Return the traits of the engine that Beam's arguments name. Raises ConfigError where it would refuse them."""
    options = beam_options(beam_arguments)
    new_pipeline(options)
    return engine_traits(engine_name(options))


def announce_detached(store: OutputStore) -> None:
    """Own the staging area of a job that goes on without this process, so that nobody takes it for dead."""
    store.write_job_file(OWNER_FILE, this_process(detached=True).to_json().encode())
