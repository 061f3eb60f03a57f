"""Whether one large slide holds up fifty small ones: the wall time of two workers against that of a perfect share.

A tail is what two workers of one job lose because the work is not shared evenly. What they lose because two cores
share memory, caches and a disk is none: two jobs that have nothing to do with each other lose it, too. So the ideal is
taken from two jobs of one worker each that run at once, each with the whole corpus: twice the work on two cores, and
nobody waits for anybody. The ideal for one job of two workers is one start (a job of one tiny slide) and half of what
that pair takes beyond its start.

Half of what one worker takes alone is told beside it: what two cores would take that share nothing. All workers have
one thread, and the machine needs two quiet cores.

`python -m bench.no_tail` measures worker processes, `python -m bench.no_tail --engine prism` two worker pools behind
Prism (`make prism`).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measure import Measurement, measure, medians
from bench.slides import CHECKOUT

CORPUS = ("1:14400x11520", "50:2320x1840")
"""`SLIDES:COLUMNSxROWS`: the large slide is four tenths of the work, 230 MB in all."""
TINY = ("1:480x480",)
_WORK = ("--research-placeholder", "--force-transcode", "--transfer-syntax", "htj2k-lossless-rpcl", "--threads", "1")
_LIMIT = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTail:
    """One engine's figures, in seconds: medians of the rounds."""

    engine: str
    start_s: float
    """Wall time of two workers with nothing to do."""
    one_s: float
    """One job of one worker."""
    one_cpu_s: float
    pair_s: float
    """Two jobs of one worker at once, each of the whole corpus: until both have ended."""
    two_s: float
    """One job of two workers."""
    two_cpu_s: float

    @property
    def ideal_s(self) -> float:
        """One start, and half of what two jobs at once take beyond it."""
        return self._half(self.pair_s)

    @property
    def times_ideal(self) -> float:
        """Wall time of two workers as a multiple of the ideal."""
        return self.two_s / self.ideal_s

    @property
    def times_half(self) -> float:
        """The same as a multiple of half of what one worker takes alone."""
        return self.two_s / self._half(self.one_s)

    def _half(self, wall_s: float) -> float:
        return self.start_s + (wall_s - self.start_s) / 2

    def row(self) -> str:
        """Return a row of the table below `HEAD`."""
        figures = (self.start_s, self.one_s, self.one_cpu_s, self.pair_s, self.two_s, self.two_cpu_s, self.ideal_s)
        ok = "yes" if self.times_ideal <= _LIMIT else "**no**"
        times = f"{self.times_half:.2f} | {self.times_ideal:.2f}"
        return f"| {self.engine} | {' | '.join(f'{value:.1f}' for value in figures)} | {times} | {ok} |"


HEAD = (
    "| engine | start s | 1 worker s | its CPU s | 2 jobs at once s | 2 workers s | their CPU s | ideal s "
    "| times half of 1 worker | times ideal | within 1.15 |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.no_tail", description=__doc__)
    parser.add_argument("--engine", choices=("processes", "prism"), default="processes")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="slides and scratch")
    options = parser.parse_args(arguments)
    found = no_tail(options.engine, options.folder.resolve(), options.runs)
    print(f"{HEAD}\n{found.row()}")
    (options.folder / f"no-tail-{options.engine}.json").write_text(json.dumps(asdict(found), indent=1))


def no_tail(engine: str, folder: Path, runs: int) -> NoTail:
    """Return the figures of an engine."""
    corpus, tiny = (_slides(folder / name, sizes) for name, sizes in (("no-tail", CORPUS), ("no-tail-tiny", TINY)))
    rounds = [
        (
            _converted(engine, 2, tiny, folder),
            _converted(engine, 1, corpus, folder),
            _pair(engine, corpus, folder),
            _converted(engine, 2, corpus, folder),
        )
        for _ in range(runs)
    ]
    start, one, pair, two = (medians(of) for of in zip(*rounds, strict=True))
    return NoTail(
        engine=engine,
        start_s=start.wall_s,
        one_s=one.wall_s,
        one_cpu_s=one.cpu_s,
        pair_s=pair.wall_s,
        two_s=two.wall_s,
        two_cpu_s=two.cpu_s,
    )


def _slides(folder: Path, sizes: Sequence[str]) -> Path:
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "bench.corpus.slides", str(partial), *sizes], check=True, cwd=CHECKOUT)
        partial.rename(folder)
    return folder


def _pair(engine: str, slides: Path, folder: Path) -> Measurement:
    """Run two jobs of one worker at once, and return the one that took longer."""
    with ThreadPoolExecutor(2) as jobs:
        both = [jobs.submit(_converted, engine, 1, slides, folder) for _ in range(2)]
        return max((job.result() for job in both), key=lambda measured: measured.wall_s)


def _converted(engine: str, workers: int, slides: Path, folder: Path) -> Measurement:
    scratch = Path(tempfile.mkdtemp(prefix="no-tail-", dir=folder))
    try:
        with _engine(engine, workers, scratch) as arguments:
            module = [sys.executable, "-m", "pipeline.run", "--input", f"{slides}/*.svs"]
            command = [*module, "--output", str(scratch / "out"), *_WORK, "--quiet", *arguments]
            return measure(command, scratch / "log.txt")
    finally:
        shutil.rmtree(scratch)


@contextmanager
def _engine(engine: str, workers: int, scratch: Path) -> Iterator[tuple[str, ...]]:
    """Yield the arguments that lead to so many workers."""
    if engine == "processes":
        yield ("--direct_running_mode=multi_processing", f"--direct_num_workers={workers}")
        return
    from tests.engines.programs import fan_out, prism, prism_program, worker_pools

    program = prism_program()
    if program is None:
        raise SystemExit("Prism is not built: make prism")
    with ExitStack() as programs:
        server = programs.enter_context(prism(program, scratch / "prism"))
        pools = programs.enter_context(worker_pools(scratch, workers))
        pool = programs.enter_context(fan_out(scratch / "fan-out", pools))
        environment = ("--environment_type=EXTERNAL", f"--environment_config={pool.address}")
        yield ("--runner=PortableRunner", f"--job_endpoint={server.address}", *environment)


if __name__ == "__main__":
    main(sys.argv[1:])
