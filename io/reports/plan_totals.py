"""Sums over the rows of a plan, taken one by one: memory grows with what differs, not with the slides."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pipeline.model.forecast import CpuSeconds, Would

KINDS_OF_TIME = tuple(kind.name for kind in fields(CpuSeconds))
"""Each is a column of both tables, `KIND_seconds`."""
_SPAN = ("", "_low", "_high")


@dataclass(slots=True)
class Group:
    """Slides that go the same way: of one format, with the same routes and reasons of their levels."""

    slides: int = 0
    example: str = ""
    sums: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class PlanTotals:
    """What the rows of a plan add up to."""

    would: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str, str], Group] = field(default_factory=dict)
    """By what would be done, format, and routes."""
    routes: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """By route and reason of instances."""
    problems: list[dict[str, Any]] = field(default_factory=list)
    warnings: dict[str, Group] = field(default_factory=dict)
    """By text, in which the slide's own name is left out."""
    waves: Counter[int] = field(default_factory=Counter)
    """Bytes staged by wave, of the slides that are in it."""
    published: Counter[int] = field(default_factory=Counter)
    """Bytes of those slides' files, into which what is staged turns."""

    def add_slide(self, row: Mapping[str, Any], wave: int) -> None:
        """Add a row of `plan-slides.parquet`."""
        self.would[row["would"]] += 1
        if Would(row["would"]).is_problem:
            kept = ("slide_id", "uri", "would", "error_class", "problem", "reproduce")
            self.problems.append({name: row[name] for name in kept})
        for text in row["warnings"]:
            warning = self.warnings.setdefault(text.replace(row["uri"], "the slide"), Group(example=row["slide_id"]))
            warning.slides += 1
        group = self.groups.setdefault(
            (row["would"], row["format"] or "", row["routes"]), Group(example=row["slide_id"])
        )
        group.slides += 1
        figures = _figures_of(row)
        group.sums.update(figures)
        self.sums.update(figures)
        if row["would"] == Would.CONVERT:
            self.waves[wave] += row["staged_bytes"]
            self.published[wave] += row["file_bytes"]

    def add_instance(self, row: Mapping[str, Any]) -> None:
        """Add a row of `plan.parquet`."""
        ways = self.routes.setdefault((row["route"], row["reason"] or ""), Counter())
        is_exact = row["frame_bytes_low"] == row["frame_bytes_high"]
        ways.update(
            instances=1,
            frames=row["frames"],
            pixel_bytes=row["pixel_bytes"],
            exact_bytes=row["frame_bytes"] if is_exact else 0,
            **{f"frame_bytes{end}": row[f"frame_bytes{end}"] for end in _SPAN},
            **{f"{name}_seconds": row[f"{name}_seconds"] for name in KINDS_OF_TIME},
        )

    @property
    def needed_bytes(self) -> int:
        """Bytes of the output's disk at the worst moment: all that is published, and a wave that is staged beside."""
        return self.sums["file_bytes"] + max((self.waves[w] - self.published[w] for w in self.waves), default=0)

    @property
    def cpu_seconds(self) -> float:
        """Of all slides."""
        return float(sum(self.sums[f"{name}_seconds"] for name in KINDS_OF_TIME))


def _figures_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a slide's row can be added up."""
    names = ["levels", "instances", "frames", "source_bytes", "cached_bytes", "fetched_bytes", "writes", "reads"]
    names += [f"{name}_bytes{end}" for name in ("file", "staged") for end in _SPAN]
    names += [f"{name}_seconds" for name in KINDS_OF_TIME]
    return {name: row[name] for name in names}
