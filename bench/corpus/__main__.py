"""Time the rows: each round runs every program once, alternating, each over a corpus that the page cache has."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.corpus.process_tree import ProcessTree
from bench.corpus.report import RowResult, Run, markdown, write_json
from bench.corpus.rows import OURS, ROWS, Corpus, Program, Programs, Row
from bench.measure import CommandFailed, measure
from bench.peers import ensure_wsidicomizer
from bench.report import machine
from bench.slides import CHECKOUT


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="bench.corpus", description=__doc__)
    parser.add_argument(
        "--rows",
        type=lambda text: text.split(","),
        default=names,
        metavar="NAME[,NAME]",
        help=f"which rows, of: {', '.join(names)}",
    )
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="slides, peers, scratch and results")
    parser.add_argument(
        "--ours",
        type=shlex.split,
        default=OURS,
        metavar="COMMAND",
        help="start of our command, such as that of another checkout to compare with",
    )
    parser.add_argument("--no-peer", action="store_true", help="leave wsidicomizer out")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs takes a number from 1")
    if unknown := set(options.rows) - set(names):
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    options.rows = [row for row in ROWS if row.name in options.rows]
    return options


def ensure_corpus(corpus: Corpus, folder: Path) -> Path:
    """Return the folder of a corpus, made now if it is not there."""
    path = folder / f"{corpus.name}-{'-'.join(corpus.sizes).replace(':', 'of')}"
    if not path.exists():
        partial = path.with_name(f".{corpus.name}-{os.getpid()}")
        print(f"making {path} ...", flush=True)
        command = [sys.executable, "-m", "bench.corpus.slides", str(partial), *corpus.sizes]
        subprocess.run(command, check=True, cwd=CHECKOUT)
        partial.rename(path)
    return path


def time_row(row: Row, programs: Programs, folder: Path, rounds: int) -> RowResult:
    """Run all programs of a row in alternation, each into a scratch folder that is gone before and after."""
    corpus = ensure_corpus(row.corpus, folder / "corpora")
    slides = sorted(corpus.glob(row.glob))
    slide_bytes = sum(_read(slide) for slide in slides)
    glob, output, log = str(corpus / row.glob), folder / "scratch", folder / f"{row.name}.log"
    runs: list[Run] = []
    for number in range(rounds):
        _remove(output)
        for step in row.steps:
            command = programs.own_command(step, glob, output)
            runs.append(_timed(Program.OURS, step.name, number, command, output, log))
            _check(runs[-1], len(slides) if step.writes else 0, log)
        for peer in programs.peers_of(row):
            _remove(output)
            output.mkdir()
            runs.append(_timed(peer, "convert", number, programs.peer_command(peer, glob, output), output, log))
            _check(runs[-1], len(slides), log)
    _remove(output)
    return RowResult(row=row, slides=len(slides), slide_bytes=slide_bytes, runs=runs)


def _timed(program: Program, step: str, number: int, command: Sequence[str], output: Path, log: Path) -> Run:
    os.sync()  # what the run before left dirty is written now, not on this run's time
    began = time.time_ns()
    with ProcessTree() as tree:
        found = measure(command, log)
    written = [file for file in output.rglob("*.dcm") if file.stat().st_mtime_ns >= began]
    run = Run(
        program=program,
        step=step,
        round=number,
        wall_s=found.wall_s,
        cpu_s=found.cpu_s,
        main_rss_mb=tree.main_rss_mb,
        tree_rss_mb=tree.tree_rss_mb,
        processes=tree.processes,
        slides=len({file.parent for file in written}),
        files=len(written),
        bytes=sum(file.stat().st_size for file in written),
    )
    print(
        f"{log.stem}  {program}, {step}: {run.wall_s:.1f} s, {run.cpu_s:.1f} CPU s, {run.main_rss_mb:.0f} MB, "
        f"{run.slides} slides in {run.files} files",
        flush=True,
    )
    return run


def _check(run: Run, slides: int, log: Path) -> None:
    if run.slides != slides:
        raise CommandFailed(f"{run.program}, {run.step}: {run.slides} slides were written and not {slides}: see {log}")


def _read(slide: Path) -> int:
    """Read a slide, so that the page cache has it, and return its size."""
    size = 0
    with slide.open("rb") as file:
        while piece := file.read(1 << 24):
            size += len(piece)
    return size


def _remove(output: Path) -> None:
    if output.exists():
        shutil.rmtree(output)


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, print the table and write `results-corpus.json`."""
    options = parse(arguments)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wsidicomizer = None if options.no_peer else ensure_wsidicomizer(folder / "venv")
    programs = Programs(ours=options.ours, wsidicomizer=wsidicomizer)
    results: list[RowResult] = []
    for row in options.rows:
        try:
            results.append(time_row(row, programs, folder, options.runs))
        except CommandFailed as error:
            raise SystemExit(f"{row.name}: {error}") from error
        write_json(results, folder / "results-corpus.json")  # after each row: a later one may fail
    facts = machine()
    print(f"\n{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}\n")
    print(markdown(results))
    print(f"\nEvery run is in {folder / 'results-corpus.json'}")


if __name__ == "__main__":
    main(sys.argv[1:])
