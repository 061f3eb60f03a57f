"""What came of all cases: a table by format, and the findings with what shows them again."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from tests.fuzz.case import Case, Outcome, Verdict


class Report:
    """Counts outcomes as they come."""

    def __init__(self, formats: Mapping[str, str]) -> None:
        self._formats = formats
        """By name of the sound slide."""
        self._counts: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
        self.converted = 0
        self.findings: list[tuple[Case, Outcome]] = []

    def add(self, case: Case, outcome: Outcome) -> None:
        """Count an outcome."""
        self._counts[self._formats[case.name]][outcome.verdict] += 1
        self.converted += outcome.converted
        if outcome.verdict.is_finding:
            self.findings.append((case, outcome))

    @property
    def cases(self) -> int:
        """How many were counted."""
        return sum(count.total() for count in self._counts.values())

    def table(self) -> str:
        """Return a row a format and one of all."""
        rows = [("format", "cases", *Verdict)]
        total: Counter[Verdict] = Counter()
        for form in dict.fromkeys(self._formats.values()):
            total += self._counts[form]
            rows.append((form, *_figures(self._counts[form])))
        rows.append(("all", *_figures(total)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                (row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
            )
            for row in rows
        )


def _figures(counts: Counter[Verdict]) -> tuple[str, ...]:
    return (str(counts.total()), *(str(counts[verdict]) for verdict in Verdict))


def finding(case: Case, outcome: Outcome, folder: Path) -> str:
    """Return what tells of a finding: verdict, damage, files, and the command that shows it again."""
    lines = [
        f"{outcome.verdict}: {case}",
        f"  {outcome.mutation}",
        *(f"  {line}" for line in outcome.detail.rstrip().splitlines()),
        f"  files: {folder / 'findings' / f'{case.name}-{case.number}'}",
        f"  again: {case.command}",
    ]
    return "\n".join(lines)
