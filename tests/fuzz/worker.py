"""A child process that runs cases: one line of JSON in, lines out. What it is killed by ends it alone."""

import faulthandler
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.case import Case, build, run_case
from tests.fuzz.seeds import Seed, all_seeds


def main(folder: Path, shared: Path) -> None:
    """Read cases from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    faulthandler.enable()
    seeds = {seed.name: seed for seed in all_seeds(shared)}
    for line in sys.stdin:
        case = Case(**json.loads(line))
        place = folder / "case"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        sound = _sound(seeds[case.name], folder / "sound")

        def announce(mutation: str) -> None:
            answers.write(f"{json.dumps({'mutation': mutation})}\n")

        outcome = run_case(case, sound, place, announce)
        answers.write(f"{json.dumps(asdict(outcome))}\n")


def _sound(seed: Seed, folder: Path) -> Path:
    """Return a sound slide, built when it is first asked for: the only path in a folder of its own."""
    place = folder / seed.name
    note = folder / f"{seed.name}.path"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(build(seed, place)))
    return Path(note.read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
