"""Manifests of all formats: the same rows from each, and what is said of damaged ones."""

import tracemalloc
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline.io.manifests.reading import is_manifest, manifest_columns, manifest_rows, place_of
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from tests.io.manifests.tables import SUFFIXES, all_rows, cells, write_table

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters=";"), min_size=1, max_size=8)
"""Without the semicolon, which is taken for the separator where a header has no comma."""
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw a table of texts; in each row something stands, since a row of nothing is none."""
    columns = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    rows = draw(st.lists(st.tuples(*(CELLS for _ in columns)), min_size=1, max_size=8))
    return [dict(zip(columns, row, strict=True)) for row in rows if any(cell.strip() for cell in row)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables().filter(bool))
def test_rows_are_the_same_in_all_formats(tmp_path: Path, table: list[dict[str, str]]) -> None:
    for suffix in SUFFIXES:
        path = write_table(tmp_path / f"table{suffix}", table)
        assert manifest_columns(path) == tuple(table[0])
        assert cells(path) == table


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), suffix=st.sampled_from([*SUFFIXES, ".ndjson", ".CSV"]))
def test_any_bytes_are_rows_or_a_config_error(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(data)
    with suppress(ConfigError):
        assert cells(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(at=st.integers(0, 10_000), with_=st.binary(min_size=1, max_size=4), cut=st.booleans())
def test_damaged_parquet_is_rows_or_a_config_error(tmp_path: Path, at: int, with_: bytes, cut: bool) -> None:
    path = Path(write_table(tmp_path / "t.parquet", [{"slide": f"{n}.svs", "case": "S1"} for n in range(20)]))
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + len(with_)] = with_
    path.write_bytes(data[:at] if cut else data)
    with suppress(ConfigError):
        assert cells(path)


def test_lines_and_rows_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    table = [{"slide": "a.svs", "note": "two\nlines"}, {"slide": "b.svs", "note": ""}]
    assert [row.number for row in all_rows(write_table(tmp_path / "t.csv", table))] == [2, 4]
    assert [row.number for row in all_rows(write_table(tmp_path / "t.jsonl", table))] == [1, 2]
    path = write_table(tmp_path / "t.parquet", table)
    assert [place_of(path, row) for row in all_rows(path)] == [f"{path}, row 1", f"{path}, row 2"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfslide,case\r\na.svs,1\r\n", [{"slide": "a.svs", "case": "1"}]),
        (b"slide;case\na,b.svs;1\n", [{"slide": "a,b.svs", "case": "1"}]),
        (b'"a,b";slide\n1;a.svs\n', [{"a,b": "1", "slide": "a.svs"}]),
        (b",slide\n0,a.svs\n", [{"slide": "a.svs"}]),
        (b"slide , case\na.svs,1\n", [{"slide": "a.svs", "case": "1"}]),
        (b"slide,case\n\na.svs,1\n,\n  , \n\n", [{"slide": "a.svs", "case": "1"}]),
        (b"\n\nslide\na.svs\n", [{"slide": "a.svs"}]),
        (b'slide\n"a ""b"".svs"', [{"slide": 'a "b".svs'}]),
        ("slide\nBlöcke/ä.svs\n".encode(), [{"slide": "Blöcke/ä.svs"}]),
    ],
)
def test_csv_as_people_have_it(tmp_path: Path, data: bytes, expected: list[dict[str, str]]) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    assert cells(tmp_path / "t.csv") == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"t\.csv is empty"),
        (b"\n \n", r"t\.csv is empty"),
        (b"slide,case\n", r"t\.csv has columns and no rows"),
        (b"slide,slide\na,b\n", r"t\.csv:1: the header has 'slide' twice"),
        (b"slide,case\na.svs,1\nb.svs\n", r"t\.csv:3: the row has 1 cells and the header 2"),
        (b"slide\na.svs,1\n", r"t\.csv:2: the row has 2 cells and the header 1"),
        (b"slide,case\na.svs,1\nM\xfcller.svs,2\n", r"t\.csv:3: this is not UTF-8 \(byte 2 of the line\)"),
        ("slide\na.svs\n".encode("utf-16"), r"t\.csv:1: this is not UTF-8"),
        (b'slide\na.svs\n"b.svs\nc.svs\n', r"t\.csv:3: the row that begins here cannot be read: unexpected end"),
        (b'slide\n"a"b.svs\n', r"t\.csv:2: the row that begins here cannot be read"),
        (b'slide\n"' + b"x\n" * 200_000, r"t\.csv:2: the row that begins here cannot be read: field larger"),
        (b"slide\n" + b"x" * 2_000_000, r"t\.csv:2: the line is longer than 1 MiB"),
        (b"slide\ra.svs\r", r"t\.csv:1: the row that begins here cannot be read"),
    ],
)
def test_damaged_csv_is_told_by_its_line(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        cells(tmp_path / "t.csv")
    assert "\n" not in str(caught.value)


def test_json_values_are_taken_as_they_are_written(tmp_path: Path) -> None:
    line = (
        '{"slide": "a.svs", "id": "007", "n": 12345678901234567890123, "mm": 1.50, "ok": true, "gap": null, " x ": 1}\n'
    )
    (tmp_path / "t.jsonl").write_text(line)
    (row,) = cells(tmp_path / "t.jsonl")
    numbers = {"n": "12345678901234567890123", "mm": "1.50", "x": "1"}
    assert row == {"slide": "a.svs", "id": "007", "ok": "true", "gap": "", **numbers}


def test_rows_of_json_may_leave_names_out_and_hold_more_than_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "t.ndjson").write_text(
        '{"slide": "a.svs"}\r\n\n{"slide": "b.svs", "case": 1, "scanner": {"model": [1]}}'
    )
    rows = manifest_rows(str(tmp_path / "t.ndjson"), {"slide": "", "case": ""})
    assert [tuple(row) for row in rows] == [(1, {"slide": "a.svs", "case": ""}), (3, {"slide": "b.svs", "case": "1"})]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", r"t\.jsonl is empty"),
        ("\n\n", r"t\.jsonl is empty"),
        ('{"slide": "a.svs"}\n{"slide": "b.svs"\n', r"t\.jsonl:2: the line is no JSON"),
        ('[\n{"slide": "a.svs"}]\n', r"t\.jsonl:1: the line is no JSON"),
        ('[{"slide": "a.svs"}]\n', r"t\.jsonl:1: the line is no object"),
        ('{"slide": "a", "slide": "b"}\n', r"t\.jsonl:1: .*a name is there twice"),
        ('{"slide": "a", "n": NaN}\n', r"t\.jsonl:1: .*NaN is no number"),
        ('{"slide": "a\\ud800"}\n', r"t\.jsonl:1: .*half of a character"),
        ('{"slide": {"path": "a.svs"}}\n', r"t\.jsonl:1: 'slide' holds an object"),
        ('{"slide": ' + "[" * 100_000 + "\n", r"t\.jsonl:1: the line is no JSON"),
    ],
)
def test_damaged_json_is_told_by_its_line(tmp_path: Path, data: str, message: str) -> None:
    (tmp_path / "t.jsonl").write_text(data)
    with pytest.raises(ConfigError, match=message) as caught:
        cells(tmp_path / "t.jsonl")
    assert "\n" not in str(caught.value)


def test_parquet_cells_become_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "slide": pa.array(["a.svs", None]).dictionary_encode(),
            "id": pa.array([123.0, None]),
            "mm": pa.array([0.25, float("nan")]),
            "n": pa.array([2**60, 0]),
            "ok": pa.array([True, None]),
            "day": pa.array([date(2026, 1, 14), None]),
            "at": pa.array([datetime(2026, 1, 14, 9, 15), None], pa.timestamp("ns")),
            "utc": pa.array([datetime(2026, 1, 14, 9, 15, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "raw": pa.array(["ä".encode(), None], pa.binary()),
            "exact": pa.array([Decimal("1.50"), None]),
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    first, second = cells(tmp_path / "t.parquet")
    assert first == {
        "slide": "a.svs",
        "id": "123",
        "mm": "0.25",
        "n": str(2**60),
        "ok": "true",
        "day": "2026-01-14",
        "at": "2026-01-14T09:15:00",
        "utc": "2026-01-14T09:15:00+00:00",
        "raw": "ä",
        "exact": "1.50",
    }
    assert second == {**dict.fromkeys(first, ""), "n": "0"}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([["a.svs"]]), r"t\.parquet, row 1: 'slide' holds a list or an object"),
        (pa.array([b"\xff"], pa.binary()), r"t\.parquet, row 1: 'slide' holds bytes that are not UTF-8"),
        (pa.array([], pa.string()), r"t\.parquet has columns and no rows"),
    ],
)
def test_parquet_that_is_no_table_of_texts(tmp_path: Path, column: pa.Array, message: str) -> None:
    parquet.write_table(pa.table({"slide": column}), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match=message):
        cells(tmp_path / "t.parquet")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_that_is_missing_is_told_with_the_nearest(tmp_path: Path, suffix: str) -> None:
    path = write_table(tmp_path / f"t{suffix}", [{"slide": "a.svs", "case": "1"}])
    with pytest.raises(ConfigError, match="'caze'"):
        list(manifest_rows(path, {"slide": "", "caze": "mapping.yaml:3"}))
    if suffix != ".jsonl":
        with pytest.raises(ConfigError, match=r"no column 'caze'; did you mean 'case'\? \(mapping\.yaml:3\)"):
            list(manifest_rows(path, {"slide": "", "caze": "mapping.yaml:3"}))


def test_what_is_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert is_manifest("cohort.csv")
    assert is_manifest("gs://bucket/a/cohort.PARQUET")
    assert not is_manifest("slide.svs")
    assert not is_manifest("slides/*.tiff")
    assert not is_manifest(str(tmp_path / "folder.csv"))


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        with pytest.raises(ConfigError, match=r"the manifest .*none\..* cannot be read: No such file"):
            list(manifest_rows(str(tmp_path / f"none{suffix}"), {"slide": ""}))


def test_a_manifest_in_a_bucket(object_root: str, tmp_path: Path) -> None:
    table = [{"slide": f"{number}.svs", "case": "S1"} for number in range(9000)]
    for suffix in (".csv", ".jsonl", ".parquet"):
        data = Path(write_table(tmp_path / f"t{suffix}", table)).read_bytes()
        uri = f"{object_root}/t{suffix}"
        open_bucket(uri).write(split_address(uri).key, data)
        assert cells(uri) == table
    with pytest.raises(ConfigError, match=r"the manifest .*none\.csv does not exist"):
        cells(f"{object_root}/none.csv")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_rows_are_not_held(tmp_path: Path, suffix: str) -> None:
    """Held, these rows would take more than 30 MB of Python objects."""
    path = write_table(
        tmp_path / f"t{suffix}", [{"slide": f"{n:>060}.svs", "case": f"{n:>060}"} for n in range(60_000)]
    )
    tracemalloc.start()
    try:
        assert sum(1 for _ in all_rows(path)) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()
