"""Slides that come wait for their rows in a table that grows."""

from pathlib import Path

import pytest

from pipeline.model.keys import SlideInput
from pipeline.watched_rows import WatchedRows

MAPPING = "metadata:\n  patient_id: mrn\n"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    path = tmp_path / "cohort.csv"
    path.write_text("slide,mrn\na.svs,P-1\n")
    return path


def slide(name: str) -> SlideInput:
    return SlideInput(uri=f"/in/{name}", slide_id=name)


def joined(rows: WatchedRows, *names: str) -> tuple[dict[str, str], list[str]]:
    ready, told = rows.joined([slide(name) for name in names])
    return {one.slide_id: one.metadata for one in ready}, told


def rows_of(manifest: Path) -> WatchedRows:
    return WatchedRows(str(manifest), str(manifest.with_name("mapping.yaml")))


def test_a_slide_waits_for_its_row_and_that_is_told_once(manifest: Path) -> None:
    rows = rows_of(manifest)
    ready, told = joined(rows, "a.svs", "b.svs")
    assert list(ready) == ["a.svs"]
    assert "P-1" in ready["a.svs"]
    assert told == [f"/in/b.svs waits for its row in {manifest}"]
    assert joined(rows, "b.svs") == ({}, [])
    with manifest.open("a") as file:
        file.write("b.svs,P-2\n")
    ready, told = joined(rows, "b.svs")
    assert "P-2" in ready["b.svs"]
    assert told == []


def test_with_warn_a_slide_without_a_row_is_converted_as_it_is(manifest: Path) -> None:
    manifest.with_name("mapping.yaml").write_text(f"on_missing: warn\n{MAPPING}")
    assert joined(rows_of(manifest), "b.svs") == ({"b.svs": ""}, [])


def test_a_table_that_is_being_written_stops_nothing(manifest: Path) -> None:
    rows = rows_of(manifest)
    manifest.write_text("mrn\nP-1\n")
    ready, (told,) = joined(rows, "a.svs")
    assert ready == {}
    assert "1 new slides wait for it" in told
    manifest.unlink()
    assert joined(rows, "a.svs")[0] == {}
    manifest.write_text("slide,mrn\na.svs,P-1\n")
    assert list(joined(rows, "a.svs")[0]) == ["a.svs"]


def test_two_slides_of_one_name_are_told_and_the_first_keeps_it(manifest: Path) -> None:
    manifest.with_name("mapping.yaml").write_text(f"name: mrn\n{MAPPING}")
    rows = rows_of(manifest)
    assert list(joined(rows, "a.svs")[0]) == ["P-1"]
    assert list(joined(rows, "a.svs")[0]) == ["P-1"]
    manifest.write_text("slide,mrn\na.svs,P-1\nb.svs,p-1\n")
    ready, (told,) = joined(rows, "b.svs")
    assert ready == {}
    assert "both would be written to" in told
