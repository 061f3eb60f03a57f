"""What a child process does with a case: it tells of the damage first, because what comes then may end it."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.fuzz.case import Case, Outcome, build, run_case
from tests.fuzz.seeds import Seed, all_seeds


def outcome_of(case: Case, folder: Path, shared: Path) -> Iterator[str | Outcome]:
    """Run a case in a folder of this process; yield its damage, then its outcome."""
    place = folder / "case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    sound = _sound(_seeds(shared)[case.name], folder / "sound")
    yield from run_case(case, sound, place)


@cache
def _seeds(shared: Path) -> dict[str, Seed]:
    return {seed.name: seed for seed in all_seeds(shared)}


def _sound(seed: Seed, folder: Path) -> Path:
    """Return a sound slide, built when it is first asked for: the only path in a folder of its own."""
    place = folder / seed.name
    note = folder / f"{seed.name}.path"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(build(seed, place)))
    return Path(note.read_text())
