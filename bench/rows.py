"""The rows of the benchmark: which slide, which commands, and the figures to reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Slide(StrEnum):
    """A slide to time with, named by its size when made of a scanner's own tiles."""

    MB_95 = "95mb"
    GB_1 = "1.22gb"


class Program(StrEnum):
    """A program that is timed."""

    OURS = "slidebeam"
    WSIDICOMIZER = "wsidicomizer"
    LOOP = "two-thread loop"
    COPY = "cp"


class Figure(StrEnum):
    """What of a measurement a target limits; the value is the name of the field."""

    WALL = "wall_s"
    CPU = "cpu_s"
    RSS = "rss_mb"


@dataclass(frozen=True, slots=True)
class Target:
    """A most that one figure of ours may be: absolute, or as a multiple of a peer's wall time in the same run."""

    figure: Figure
    limit: float
    times: Program | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One work that all programs do."""

    name: str
    title: str
    slide: Slide
    ours: tuple[str, ...]
    """Options behind `pipeline.run --input ... --output ... --research-placeholder`."""
    wsidicomizer: tuple[str, ...]
    """Options of wsidicomizer behind input and output."""
    others: tuple[Program, ...]
    targets: tuple[Target, ...]
    peer_runs: int | None = None
    """Most runs of wsidicomizer, where each takes minutes."""


ROWS = (
    Row(
        name="1220mb-passthrough",
        title="1.22 GB SVS, default route: JPEG passthrough",
        slide=Slide.GB_1,
        ours=(),
        wsidicomizer=(),
        others=(Program.COPY,),
        targets=(Target(Figure.WALL, 0.6, Program.WSIDICOMIZER), Target(Figure.CPU, 4.5), Target(Figure.RSS, 300)),
    ),
    Row(
        name="95mb-passthrough",
        title="95 MB SVS, JPEG passthrough",
        slide=Slide.MB_95,
        ours=(),
        wsidicomizer=(),
        others=(Program.COPY,),
        targets=(Target(Figure.WALL, 0.9, Program.WSIDICOMIZER),),
    ),
    Row(
        name="95mb-htj2k",
        title="95 MB SVS to HTJ2K lossless RPCL",
        slide=Slide.MB_95,
        ours=("--transfer-syntax", "htj2k-lossless-rpcl"),
        # A quality of 0 means the default to it, 80; 0.5 is cut to 0, which its codec takes for lossless.
        wsidicomizer=("--force-transcoding", "--format", "htjpeg2000", "--quality", "0.5"),
        others=(Program.LOOP, Program.COPY),
        targets=(Target(Figure.WALL, 1.35, Program.LOOP), Target(Figure.RSS, 300)),
        peer_runs=1,
    ),
    Row(
        name="95mb-jpeg",
        title="95 MB SVS encoded anew to JPEG quality 90",
        slide=Slide.MB_95,
        ours=("--transfer-syntax", "jpeg-baseline8-bit", "--jpeg-quality", "90", "--force-transcode"),
        wsidicomizer=("--force-transcoding", "--format", "jpeg", "--quality", "90"),
        others=(Program.COPY,),
        targets=(Target(Figure.WALL, 0.65, Program.WSIDICOMIZER),),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How each program is started on this machine."""

    ours: Sequence[str]
    """Start of our command, such as `python -m pipeline.run`."""
    python: str
    """The interpreter that runs the two-thread loop."""
    wsidicomizer: Path | None
    """None: the peer is not there, and its rows go without it."""

    def of(self, row: Row) -> list[Program]:
        """Return the programs that are timed in a row, in the order in which each round runs them."""
        peers = [Program.WSIDICOMIZER] if self.wsidicomizer else []
        return [Program.OURS, *peers, *row.others]

    def command(self, program: Program, row: Row, slide: Path, output: Path) -> list[str]:
        """Return the command that does a row's work; the output is a path that does not exist."""
        match program:
            case Program.OURS:
                return [*self.ours, "--input", str(slide), "--output", str(output), "--research-placeholder", *row.ours]
            case Program.WSIDICOMIZER:
                return [str(self.wsidicomizer), "--input", str(slide), "--output", str(output), *row.wsidicomizer]
            case Program.LOOP:
                return [self.python, str(Path(__file__).with_name("two_thread_loop.py")), str(slide)]
            case Program.COPY:
                return ["cp", str(slide), str(output)]
