"""The documented columns are those of the tables."""

import re
from pathlib import Path

import pyarrow
import pytest

from pipeline.io.reports.schemas import SCHEMAS
from pipeline.io.reports.summary import SUMMARY_SCHEMA, job_summary
from pipeline.io.reports.tally import JobTally
from pipeline.transforms.metrics import COUNTERS, DISTRIBUTIONS
from tests.io.reports.waves import CONFIG

PAGE = (Path(__file__).resolve().parents[3] / "docs/corpus/reports.md").read_text("utf-8")


def documented(heading: str) -> list[list[str]]:
    """Return the cells of the rows of the tables below a heading, without the code marks of the first."""
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")
    ]


def names(cell: str) -> list[str]:
    """Return what stands in code marks."""
    return re.findall(r"`([^`]+)`", cell)


def type_name(kind: pyarrow.DataType) -> str:
    """Return a type as the page has it."""
    plain = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    return {"string": "text"}.get(str(plain), str(plain))


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_columns_are_documented_with_type_and_null(table: str) -> None:
    rows = documented(table)
    written = [(field.name, type_name(field.type), "yes" if field.nullable else "no") for field in SCHEMAS[table]]
    assert [(names(row[0])[0], row[1], row[2]) for row in rows] == written
    assert all(("null:" in row[3]) == (row[2] == "yes") for row in rows)


def test_keys_of_the_summary_are_documented() -> None:
    rows = documented("summary.json")
    keys = [name for row in rows for name in names(row[0])]
    summary = job_summary(JobTally("job-1", CONFIG, slides=1))
    assert sorted(keys) == sorted(summary)
    assert summary["schema"] == SUMMARY_SCHEMA
    told = {key: row[1] for row in rows for key in names(row[0])}
    for key in ("slides", "bytes", "throughput", "waves", "frames"):
        assert set(summary[key]) <= set(names(told[key])), key
    assert SUMMARY_SCHEMA in told["schema"]


def test_counters_and_distributions_are_documented() -> None:
    counted = [name for row in documented("Beam counters") for name in names(row[0])]
    assert sorted(counted) == sorted([*COUNTERS, *DISTRIBUTIONS, "failures_<error class>"])
