"""Damage slides of every format and see that each gives a slide or an error of ours: `make fuzz`."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.conftest import SHARED_SLIDES
from tests.fuzz.case import Case, Outcome
from tests.fuzz.pool import run_cases
from tests.fuzz.report import Report, finding
from tests.fuzz.seeds import all_seeds

_CASES = 10_000
_BETWEEN_LINES = 15.0
"""Seconds between lines on how far it is."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the chance that everything is drawn from (default 1)")
    parser.add_argument("--cases", type=int, default=_CASES, help=f"how many in all (default {_CASES})")
    parser.add_argument("--case", metavar="NAME/NUMBER", help="run this one alone")
    parser.add_argument("--only", metavar="NAME", help="only sound slides or formats whose name begins so")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="child processes (default: cores)")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="scratch, and files of findings")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the cases, tell, and return 1 if there was a finding."""
    options = parse(arguments)
    seeds = all_seeds(SHARED_SLIDES)
    if options.only:
        seeds = tuple(seed for seed in seeds if seed.name.startswith(options.only) or seed.format == options.only)
    if options.case:
        seeds = tuple(seed for seed in seeds if seed.name == options.case.rpartition("/")[0])
    if not seeds:
        raise SystemExit(f"no sound slide is called {options.case or options.only}; tests/fuzz/seeds.py has all names")
    folder = options.folder.resolve()
    if options.case:
        name, _, number = options.case.rpartition("/")
        cases = [Case(options.seed, name, int(number))]
    else:
        cases = [Case(options.seed, seeds[n % len(seeds)].name, n // len(seeds)) for n in range(options.cases)]
    for worker in folder.glob("worker-*"):
        shutil.rmtree(worker)
    folder.mkdir(parents=True, exist_ok=True)
    report = Report({seed.name: seed.format for seed in seeds})
    started = told = time.monotonic()

    def done(case: Case, outcome: Outcome) -> None:
        nonlocal told
        report.add(case, outcome)
        outcomes.write(f"{json.dumps({'case': str(case)} | asdict(outcome))}\n")
        if options.case:
            print(f"{outcome.verdict}: {outcome.mutation}\n{outcome.detail}")
        elif outcome.verdict.is_finding:
            print(finding(case, outcome, folder), flush=True)
        if time.monotonic() - told > _BETWEEN_LINES:
            told = time.monotonic()
            print(f"{report.cases} of {len(cases)} cases in {told - started:.0f} s", flush=True)

    with (folder / "outcomes.jsonl").open("w", encoding="utf-8") as outcomes:
        run_cases(cases, workers=min(options.workers, len(cases)), folder=folder, shared=SHARED_SLIDES, done=done)
    print(f"\n{report.table()}\n\n{report.converted} of them were converted as a whole; seed {options.seed}, ", end="")
    print(f"{time.monotonic() - started:.0f} s, {len(report.findings)} findings")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
