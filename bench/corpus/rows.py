"""The rows of the benchmark of corpora: which slides, which programs, one after the other, and the figures to reach."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shlex import quote


class Program(StrEnum):
    """A program that is timed."""

    OURS = "slidebeam"
    SHELL_LOOP = "wsidicomizer, shell loop of 2"
    PROCESS_POOL = "wsidicomizer, pool of 2"


class Figure(StrEnum):
    """What of a measurement a target limits; the value is the name of the field."""

    WALL = "wall_s"
    MAIN_RSS = "main_rss_mb"
    SPEED = "times_shell_loop"


@dataclass(frozen=True, slots=True)
class Target:
    """A most that a figure of ours may be; of the speed, the least."""

    figure: Figure
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A folder of slides, made once."""

    name: str
    sizes: tuple[str, ...]
    """`SLIDES:COLUMNSxROWS`, as `bench.corpus.slides` takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of ours on the output folder that the step before it left."""

    name: str
    arguments: tuple[str, ...] = ()
    writes: bool = True
    """Whether every slide is written by it, or none."""
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a round does with one corpus."""

    name: str
    corpus: Corpus
    glob: str
    """Which of its slides."""
    steps: tuple[Step, ...]
    peers: tuple[Program, ...] = ()
    """Programs that convert the same slides in the same round."""


MIXED = Corpus(name="mixed", sizes=("140:2900x2300", "50:5800x4600", "8:10200x8000", "2:17000x13500"))
"""4, 16, 48 and 133 MB a slide."""
SMALL = Corpus(name="small", sizes=("2000:960x720",))
"""0.5 MB a slide."""
MEMORY = Target(Figure.MAIN_RSS, 600)

ROWS = (
    Row(
        name="mixed-200",
        corpus=MIXED,
        glob="*.svs",
        steps=(Step(name="convert", targets=(Target(Figure.SPEED, 1.7), MEMORY)),),
        peers=(Program.SHELL_LOOP, Program.PROCESS_POOL),
    ),
    Row(name="small-10", corpus=SMALL, glob="slide-0000?.svs", steps=(Step(name="convert", targets=(MEMORY,)),)),
    Row(name="small-200", corpus=SMALL, glob="slide-00[01]??.svs", steps=(Step(name="convert", targets=(MEMORY,)),)),
    Row(
        name="small-2000",
        corpus=SMALL,
        glob="*.svs",
        steps=(
            Step(name="plan", arguments=("--plan",), writes=False, targets=(Target(Figure.WALL, 60), MEMORY)),
            Step(name="convert", targets=(MEMORY,)),
            Step(name="resume", writes=False, targets=(Target(Figure.WALL, 30), MEMORY)),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How each program is started on this machine."""

    ours: Sequence[str]
    """Start of our command, such as `python -m pipeline.run`."""
    wsidicomizer: Path | None
    """None: the peer is not there, and its rows go without it."""

    def peers_of(self, row: Row) -> tuple[Program, ...]:
        """Return the peers of a row that can run here."""
        return row.peers if self.wsidicomizer else ()

    def own_command(self, step: Step, slides: str, output: Path) -> list[str]:
        """Return the command of a step; the slides are a glob."""
        return [*self.ours, "--input", slides, "--output", str(output), "--research-placeholder", *step.arguments]

    def peer_command(self, peer: Program, slides: str, output: Path) -> list[str]:
        """Return the command that converts the slides of a glob into folders of an empty output folder."""
        if self.wsidicomizer is None:
            raise ValueError(f"{peer} is not on this machine")
        if peer is Program.PROCESS_POOL:
            python = str(self.wsidicomizer.with_name("python"))
            return [python, str(Path(__file__).with_name("wsidicomizer_pool.py")), slides, str(output)]
        one = f"{quote(str(self.wsidicomizer))} --input {{}} --output {quote(str(output))}/$(basename {{}})"
        loop = f"printf '%s\\n' {slides} | xargs -P 2 -I{{}} sh -c {quote(one)}"
        return ["sh", "-c", loop]


OURS = (sys.executable, "-m", "pipeline.run")
"""Start of our command where no other is given."""
