"""Time reads of random regions at the base level: our Slide, OpenSlide and wsidicom on the same DICOM.

    python -m bench.reading [--runs 3] [--folder build/bench]

Each program is a process of its own that opens the slide, reads one region and then times the others; each round runs
every program once, and medians of the rates over the rounds are what counts. Opening and start-up are left out: they
are of the interpreter and of imports, and a viewer or a training job pays them once. Colour is as stored, since
OpenSlide applies no profile.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import median

from bench.rows import Slide
from bench.slides import ensure_slide

ROW = "reading"
SIDE = 512
"""Rows and columns of a region, in pixels."""
_REGIONS = 300
_SEED = 7
_SECONDS = 600
Read = Callable[[int, int], object]
"""Reads the region whose first pixel is in a row and a column."""


class Reader(StrEnum):
    """A program that is timed."""

    OURS = "slidebeam"
    OPENSLIDE = "openslide"
    WSIDICOM = "wsidicom"


LEAST = {Reader.OPENSLIDE: 0.8, Reader.WSIDICOM: 1.0}
"""Our rate as a multiple of each peer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingResult:
    """What was measured."""

    slide: str
    rates: Mapping[Reader, Sequence[float]]
    """Regions a second, one a round."""
    cpu_rates: Mapping[Reader, Sequence[float]]
    """Regions a second of processor time, of all threads."""
    load: float
    """Processes that wanted to run in the last minute, at the end: more than the machine has cores means disturbed."""

    def verdicts(self) -> list[str]:
        """Say what each target asks for, what was measured and whether that meets it."""
        ours = median(self.rates[Reader.OURS])
        lines = []
        for peer, least in LEAST.items():
            if peer in self.rates:
                found = ours / median(self.rates[peer])
                met = "met" if found >= least else "MISSED"
                lines.append(f"rate: {found:.2f} x {peer}, at least {least:g} x: {met}")
            else:
                lines.append(f"rate: at least {least:g} x {peer}, which did not run")
        return lines

    def markdown(self) -> str:
        """Return the table of medians, and below it a line for each target."""
        lines = [
            f"| {SIDE} x {SIDE} at random, {self.slide} | regions a second | of processor time | x slidebeam |",
            "|---|---:|---:|---:|",
        ]
        ours = median(self.rates[Reader.OURS])
        for reader, rates in self.rates.items():
            rate, cpu = median(rates), median(self.cpu_rates[reader])
            lines.append(f"| {reader} | {rate:.0f} | {cpu:.0f} | {rate / ours:.2f} |")
        return "\n".join([*lines, "", *(f"- {ROW}: {line}" for line in self.verdicts()), f"- load: {self.load:.1f}"])

    def record(self) -> dict[str, object]:
        """Return all of it for JSON."""
        return {
            "row": ROW,
            "slide": self.slide,
            "regions_a_second": {reader: list(rates) for reader, rates in self.rates.items()},
            "regions_a_cpu_second": {reader: list(rates) for reader, rates in self.cpu_rates.items()},
            "load": self.load,
            "targets": self.verdicts(),
        }


def time_reading(folder: Path, ours: Sequence[str], rounds: int) -> ReadingResult:
    """Convert the slide of 95 MB with our command, and time all readers that are installed on it."""
    slide = ensure_slide(Slide.MB_95, folder / "slides")
    output = folder / "reading"
    shutil.rmtree(output, ignore_errors=True)
    convert = [*ours, "--input", str(slide), "--output", str(output), "--research-placeholder", "--quiet"]
    subprocess.run(convert, check=True)
    (series,) = (path for path in output.iterdir() if not path.name.startswith("_"))
    rates: dict[Reader, list[float]] = {}
    cpu_rates: dict[Reader, list[float]] = {}
    for _ in range(rounds):
        for reader in Reader:
            command = [sys.executable, "-m", "bench.reading", "--read", reader, str(series)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no word why"])[-1]
                print(f"{ROW}  {reader:16} did not run: {reason}", flush=True)
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            rates.setdefault(reader, []).append(found["rate"])
            cpu_rates.setdefault(reader, []).append(found["cpu_rate"])
            print(f"{ROW}  {reader:16} {found['rate']:8.0f} regions/s  {found['cpu_rate']:8.0f} a CPU s", flush=True)
    shutil.rmtree(output)
    return ReadingResult(slide=slide.name, rates=rates, cpu_rates=cpu_rates, load=os.getloadavg()[0])


def read_regions(reader: Reader, series: str) -> dict[str, float]:
    """Open a series and read the regions in this process."""
    rows, columns, read = _OPENERS[reader](series)
    chance = random.Random(_SEED)  # noqa: S311  places, no secrets
    places = [(chance.randrange(rows - SIDE), chance.randrange(columns - SIDE)) for _ in range(_REGIONS)]
    read(0, 0)
    wall, cpu = time.perf_counter(), time.process_time()
    for row, column in places:
        read(row, column)
    return {"rate": _REGIONS / (time.perf_counter() - wall), "cpu_rate": _REGIONS / (time.process_time() - cpu)}


def _ours(series: str) -> tuple[int, int, Read]:
    from pipeline.io.reader import FolderClient, find_slides

    (found,) = find_slides(FolderClient(series))
    slide = found.with_correct_color(False)
    rows, columns = slide.total_pixel_matrix_dimensions[0]
    return rows, columns, lambda row, column: slide.get_image_region((row, column), 0, (SIDE, SIDE))


def _openslide(series: str) -> tuple[int, int, Read]:
    import openslide

    slide = openslide.OpenSlide(str(max(Path(series).glob("*.dcm"), key=lambda path: path.stat().st_size)))
    columns, rows = slide.dimensions
    return rows, columns, lambda row, column: slide.read_region((column, row), 0, (SIDE, SIDE))


def _wsidicom(series: str) -> tuple[int, int, Read]:
    from wsidicom import WsiDicom

    slide = WsiDicom.open(series)
    return slide.size.height, slide.size.width, lambda row, column: slide.read_region((column, row), 0, (SIDE, SIDE))


_OPENERS: dict[Reader, Callable[[str], tuple[int, int, Read]]] = {
    Reader.OURS: _ours,
    Reader.OPENSLIDE: _openslide,
    Reader.WSIDICOM: _wsidicom,
}


def main(arguments: Sequence[str]) -> None:
    """Run all readers, or be one of them."""
    parser = argparse.ArgumentParser(prog="bench.reading", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="slides and scratch")
    parser.add_argument("--read", nargs=2, metavar=("READER", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.read:
        print(json.dumps(read_regions(Reader(options.read[0]), options.read[1])))
        return
    result = time_reading(options.folder.resolve(), [sys.executable, "-m", "pipeline.run"], options.runs)
    print(f"\n{result.markdown()}")


if __name__ == "__main__":
    main(sys.argv[1:])
