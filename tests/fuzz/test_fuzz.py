"""Some hundred damaged slides of all formats, the same each time; `make fuzz` tries thousands more."""

import hashlib
import random
from pathlib import Path

import pytest

from tests.conftest import SHARED_SLIDES
from tests.fuzz.case import Case, Outcome, Verdict, build, damaged
from tests.fuzz.mutations import MUTATIONS, Mutation, with_checksums
from tests.fuzz.other_places import structure_of
from tests.fuzz.pool import run_cases
from tests.fuzz.report import Report, finding
from tests.fuzz.seeds import Seed, all_seeds, files_of
from tests.io.sources.damage import read_all

SEEDS = all_seeds(SHARED_SLIDES)
BUILT = all_seeds(None)
EACH = 4
"""Cases of each sound slide."""


def digests(slide: Path) -> list[str]:
    """Return a digest of each file of a slide."""
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files_of(slide)]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_what_is_damaged_was_sound(tmp_path: Path, seed: Seed) -> None:
    assert read_all(build(seed, tmp_path / "sound")) is None


@pytest.mark.parametrize("seed", BUILT, ids=lambda seed: seed.name)
def test_a_case_can_be_had_again(tmp_path: Path, seed: Seed) -> None:
    """The same bytes, damage and name, from a sound slide that was built again."""
    made = []
    for attempt in ("one", "other"):
        sound = build(seed, tmp_path / attempt / "sound")
        for number in range(3):
            (folder := tmp_path / attempt / str(number)).mkdir()
            slide, said, chance = damaged(Case(1, seed.name, number), sound, folder)
            made.append((attempt, number, slide.name, said, chance.random(), digests(slide)))
    assert [one[1:] for one in made[:3]] == [other[1:] for other in made[3:]]
    assert digests(slide) != digests(sound) or slide.name != sound.name


@pytest.mark.parametrize(("_", "mutation"), MUTATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_mutation_fits_some_format(tmp_path: Path, _: int, mutation: Mutation) -> None:
    """It changes a file, and says how."""
    seed = next(seed for seed in BUILT if seed.name == "svs")
    path = build(seed, tmp_path / "sound")
    data = path.read_bytes()
    changed = [mutation(data, structure_of(path, data), random.Random(number)) for number in range(20)]  # noqa: S311
    assert sum(done is not None and done[0] != data and bool(done[1]) for done in changed) > 10


def test_checksums_of_a_sound_png_are_right(tmp_path: Path) -> None:
    data = build(next(seed for seed in BUILT if seed.name == "png"), tmp_path / "sound").read_bytes()
    assert with_checksums(data) == data
    assert with_checksums(data[:20] + b"\1" + data[21:])[20:29] != data[20:29]


@pytest.mark.timeout(600)
def test_damaged_slides_give_an_error_that_names_them_or_a_slide(tmp_path: Path) -> None:
    """In child processes: one that dies, hangs or takes too much memory is found too."""
    report = Report({seed.name: seed.format for seed in SEEDS})
    told: list[str] = []

    def done(case: Case, outcome: Outcome) -> None:
        report.add(case, outcome)
        if outcome.verdict.is_finding:
            told.append(finding(case, outcome, tmp_path))

    cases = [Case(1, seed.name, number) for number in range(EACH) for seed in SEEDS]
    run_cases(cases, workers=2, folder=tmp_path, shared=SHARED_SLIDES, done=done)
    assert not told, "\n".join([report.table(), *told])
    assert report.cases == len(cases)
    assert report.converted


def test_a_process_that_ends_is_a_finding_and_is_replaced(tmp_path: Path) -> None:
    """A sound slide that there is not ends the process; the next case has another one."""
    outcomes: dict[Case, Outcome] = {}
    cases = [Case(1, "no such slide", 0), Case(1, "png", 0)]
    run_cases(cases, workers=1, folder=tmp_path, shared=SHARED_SLIDES, done=outcomes.__setitem__)
    assert outcomes[cases[0]].verdict is Verdict.CRASHED
    assert "KeyError" in outcomes[cases[0]].detail
    assert not outcomes[cases[1]].verdict.is_finding
