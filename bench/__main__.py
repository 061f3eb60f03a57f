"""Time the rows: each round runs every program once, alternating, and the medians over the rounds are what counts."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measure import CommandFailed, Measurement, measure
from bench.peers import ensure_wsidicomizer
from bench.reading import ROW as READING
from bench.reading import ReadingResult, time_reading
from bench.report import RowResult, machine, markdown, write_json
from bench.rows import ROWS, Program, Programs, Row
from bench.slides import ensure_slide


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    every = [*(row.name for row in ROWS), READING]
    parser.add_argument("--rows", metavar="NAME[,NAME]", help=f"which rows, of: {', '.join(every)}")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="slides, peers, scratch and results")
    parser.add_argument(
        "--ours",
        type=shlex.split,
        default=[sys.executable, "-m", "pipeline.run"],
        metavar="COMMAND",
        help="start of our command, such as that of another checkout to compare with",
    )
    parser.add_argument("--no-peer", action="store_true", help="leave wsidicomizer out")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs takes a number from 1")
    names = options.rows.split(",") if options.rows else every
    unknown = set(names) - set(every)
    if unknown:
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    options.rows = [row for row in ROWS if row.name in names]
    options.reading = READING in names
    return options


def time_row(row: Row, programs: Programs, folder: Path, rounds: int) -> RowResult:
    """Run all programs of a row in alternation, each into a scratch path that is gone before and after."""
    slide = ensure_slide(row.slide, folder / "slides")
    runs: dict[Program, list[Measurement]] = {program: [] for program in programs.of(row)}
    scratch = folder / "scratch"
    for number in range(rounds):
        for program, done in runs.items():
            if program is Program.WSIDICOMIZER and row.peer_runs is not None and number >= row.peer_runs:
                continue
            _remove(scratch)
            scratch.mkdir()
            os.sync()  # what the run before left dirty is written now, not on this run's time
            done.append(measure(programs.command(program, row, slide, scratch / "out"), folder / f"{row.name}.log"))
            print(f"{row.name}  {program:16} {done[-1].wall_s:8.2f} s  {done[-1].cpu_s:8.2f} CPU s", flush=True)
    _remove(scratch)
    return RowResult(row=row, slide=slide, slide_bytes=slide.stat().st_size, runs=runs)


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, print the table and write `results.json`."""
    options = parse(arguments)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wsidicomizer = None if options.no_peer or not options.rows else ensure_wsidicomizer(folder / "venv")
    programs = Programs(ours=options.ours, python=sys.executable, wsidicomizer=wsidicomizer)
    results: list[RowResult] = []
    for row in options.rows:
        try:
            results.append(time_row(row, programs, folder, options.runs))
        except CommandFailed as error:
            raise SystemExit(f"{row.name}: {error}") from error
        write_json(results, folder / "results.json")  # after each row: a later one may fail after half an hour
    reading: ReadingResult | None = None
    if options.reading:
        reading = time_reading(folder, options.ours, options.runs)
        write_json(results, folder / "results.json", [reading.record()])
    facts = machine()
    print(f"\n{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}\n")
    if results:
        print(markdown(results))
    if reading is not None:
        print(f"\n{reading.markdown()}")
    print(f"\nEvery run is in {folder / 'results.json'}")


def _remove(scratch: Path) -> None:
    if scratch.exists():
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main(sys.argv[1:])
