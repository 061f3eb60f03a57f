"""One damaged slide: how it is made from its seed, what is done with it, and what came of it."""

import json
import random
import resource
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline import run
from pipeline.io.sources import open_source
from tests.fuzz.mutations import damage
from tests.fuzz.other_places import structure_of
from tests.fuzz.seeds import Seed, files_of
from tests.io.sources.damage import bounded_memory, read_all

CONVERTED = 0.025
"""Share of cases that go through the whole conversion too."""
MOST_CPU_SECONDS = 15
MOST_RESIDENT = 512 << 20
"""Bytes that reading a slide of a few MB may take on top."""
_MOST_CONVERTING = 4 << 30
"""Bytes of address space of a conversion: its threads reserve much that they do not use."""
_MOST_SCENES = 3
_MISLABELLED = 0.06
_SUFFIXES = (
    *(".svs", ".tif", ".ome.tif", ".qptiff", ".ndpi", ".scn", ".bif", ".mrxs", ".vms", ".vmu", ".svslide", ".vsi"),
    *(".ets", ".czi", ".dcm", ".png", ".jpg", ".isyntax", ".ini", ".txt", ""),
)


class Verdict(StrEnum):
    """What came of a case. The first two are as it should be."""

    OPENED = "opened"
    REFUSED = "refused"
    CRASHED = "crashed"
    """The process ended, or an error that is not ours came out."""
    SLOW = "too slow"
    LARGE = "too large"
    UNTOLD = "badly told"
    """The error does not name the file, or has more than one line."""
    LEFT = "left behind"
    """A conversion that failed published something, left staged parts, or has another number of report entries."""

    @property
    def is_finding(self) -> bool:
        """Something to mend."""
        return self not in (Verdict.OPENED, Verdict.REFUSED)


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged slide, by what it is drawn from."""

    seed: int
    name: str
    """Of the sound slide."""
    number: int

    def __str__(self) -> str:
        return f"{self.name}/{self.number}"

    @property
    def command(self) -> str:
        """What shows the case again."""
        return f"python -m tests.fuzz --seed {self.seed} --case {self}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case."""

    verdict: Verdict
    detail: str
    """Of a refusal the message, of a finding what tells it."""
    mutation: str = ""
    seconds: float = 0.0
    """Of CPU."""
    mebibytes: int = 0
    """Resident memory on top, at most."""
    converted: bool = False


def build(seed: Seed, folder: Path) -> Path:
    """Write a sound slide into an empty folder."""
    folder.mkdir(parents=True)
    return seed.build(folder)


def damaged(case: Case, sound: Path, folder: Path) -> tuple[Path, str, random.Random]:
    """Copy a sound slide into an empty folder and damage it; return its path, what was done, and the chance left."""
    chance = random.Random(f"{case.seed}/{case}")  # noqa: S311 - damage, and no secret
    root = sound if sound.is_dir() else sound.parent
    target = folder / root.name
    shutil.copytree(root, target)
    slide = target if sound.is_dir() else target / sound.name
    files = files_of(slide)
    file = slide if slide in files and chance.random() < 0.4 else chance.choice(files)
    said, data = "", file.read_bytes()
    mislabelled = slide.is_file() and chance.random() < _MISLABELLED
    if not mislabelled or chance.random() < 0.5:
        data, said = damage(data, structure_of(file, data), chance)
        file.write_bytes(data)
        said = f"{file.relative_to(folder)}: {said}"
    if mislabelled:
        other = slide.with_name(f"b{chance.choice(_SUFFIXES)}")
        slide.rename(other)
        slide, said = other, f"{said}; named {other.name}".lstrip("; ")
    return slide, said, chance


def run_case(case: Case, sound: Path, folder: Path) -> Iterator[str | Outcome]:
    """Make a case in an empty folder and see what comes of it: yields the damage before, and then the outcome."""
    slide, mutation, chance = damaged(case, sound, folder)
    yield mutation
    converts = chance.random() < CONVERTED
    started, before = time.process_time(), _resident()
    outcome = _guarded(lambda: _read(slide))
    if converts and not outcome.verdict.is_finding:
        outcome = _guarded(lambda: _convert(slide, folder / "out"))
    seconds = time.process_time() - started
    peak = _resident("VmHWM") - before
    verdict, detail = outcome.verdict, outcome.detail
    if not verdict.is_finding and peak > MOST_RESIDENT:
        verdict, detail = Verdict.LARGE, f"{peak >> 20} MiB of memory on top ({detail})"
    elif not verdict.is_finding and seconds > MOST_CPU_SECONDS:
        verdict, detail = Verdict.SLOW, f"{seconds:.1f} s of CPU ({detail})"
    yield Outcome(verdict, detail, mutation, round(seconds, 3), peak >> 20, converts)


def _guarded(call: Callable[[], Outcome]) -> Outcome:
    try:
        return call()
    except MemoryError:
        return Outcome(Verdict.LARGE, traceback.format_exc())
    except Exception:
        return Outcome(Verdict.CRASHED, traceback.format_exc())


def _read(slide: Path) -> Outcome:
    error = read_all(slide)
    if error is None:
        with open_source(str(slide)) as source:
            scenes = len(source.describe().scenes)
        others = [f"{slide}#scene={number}" for number in range(2, min(scenes, _MOST_SCENES) + 1)]
        error = next((error for scene in others if (error := read_all(Path(scene)))), None)
    if error is None:
        return Outcome(Verdict.OPENED, "")
    told = _is_told(str(error), slide)
    return Outcome(Verdict.REFUSED if told else Verdict.UNTOLD, f"{type(error).__name__}: {error}")


def _is_told(message: str, slide: Path) -> bool:
    """Whether a message is one line that names the slide, or the one of its files that is at fault."""
    return "\n" not in message and any(path.name in message for path in (slide, *files_of(slide)))


def _convert(slide: Path, output: Path) -> Outcome:
    """Convert with the command line, and look at what is there then."""
    options = ("--research-placeholder", "--source-pixel-spacing-mm", "0.0005,0.0005", "--quiet")
    with bounded_memory(_MOST_CONVERTING):
        code = run.main(["--input", str(slide), "--output", str(output), *options])
    reports = list(output.glob("_reports/*/report.json"))
    if len(reports) != 1:
        return Outcome(Verdict.LEFT, f"exit code {code} and {len(reports)} reports")
    report = json.loads(reports[0].read_text("utf-8"))
    entries = report["slides"]
    failed = [entry for entry in entries if entry["status"] == "failed"]
    detail = f"exit code {code}, {[(entry['slide_id'], entry['status']) for entry in entries]}"
    if len({entry["slide_id"] for entry in entries}) != len(entries) or not entries or code != (1 if failed else 0):
        return Outcome(Verdict.LEFT, detail)
    published = [Path(entry["slide_id"]) for entry in entries if entry not in failed]
    folders = [
        output / entry["slide_id"]
        for entry in failed
        if not any(slide.is_relative_to(entry["slide_id"]) for slide in published)  # scenes lie in one folder
    ]
    left = [str(folder) for folder in folders if folder.exists()]
    left += [str(path) for path in output.rglob("*") if "_staging" in path.parts]
    if left:
        return Outcome(Verdict.LEFT, f"{detail}: {', '.join(left[:5])}")
    untold = [failure["message"] for failure in report["failures"] if not _is_told(failure["message"], slide)]
    if untold:
        return Outcome(Verdict.UNTOLD, f"conversion: {untold[0]}")
    return Outcome(Verdict.REFUSED if failed else Verdict.OPENED, detail)


def _resident(field: str = "VmRSS") -> int:
    """Return the process's resident bytes now, or the most since this was last asked for those now."""
    status = Path("/proc/self/status")
    if not status.exists():  # another system than Linux tells the most of the whole life only
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    if field == "VmRSS":
        Path("/proc/self/clear_refs").write_text("5")
    line = next(line for line in status.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) << 10
