"""`slidebeam inspect` on a real slide."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.inspect import main
from tests.sample import build_sample_slide


@pytest.fixture
def inspected(sample_slide: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what JSON says of the sample slide."""
    assert main([str(sample_slide), "--json", "--level", "0,2"]) == 0
    shown, complained = capsys.readouterr()
    assert (shown.count("\n"), complained) == (1, "")
    inspection: dict[str, Any] = json.loads(shown)
    return inspection


def test_what_is_in_it(inspected: dict[str, Any]) -> None:
    slide = inspected["slide"]
    assert slide["format"] == "aperio"
    assert sorted(image["kind"] for image in slide["images"]) == ["LABEL", "OVERVIEW", "THUMBNAIL", *["VOLUME"] * 3]
    assert slide["images"][0]["geometry"] == {
        "columns": 2900,
        "rows": 2300,
        "tile_columns": 240,
        "tile_rows": 240,
        "tiles": 130,
    }
    assert slide["facts"]["pixel_spacing_mm"] == pytest.approx([0.000499, 0.000499])


def test_what_would_become_of_it(inspected: dict[str, Any], sample_slide: Path) -> None:
    instances = {instance["name"]: instance for instance in inspected["instances"]}
    assert list(instances) == ["level-0", "level-2", "thumbnail", "label", "overview"]
    level = instances["level-0"]
    assert (level["route"], level["transfer_syntax_uid"]) == ("passthrough", "1.2.840.10008.1.2.4.50")
    assert 0 < level["stored_bytes"] < sample_slide.stat().st_size < level["pixel_bytes"]
    assert (instances["label"]["route"], instances["label"]["reason"]) == ("encode", "untiled")
    assert "PS3.3 C.8.12.4" in instances["label"]["citation"]
    assert inspected["convertible"]
    assert "PatientID" in inspected["missing_metadata"]


def test_it_speaks_to_people(sample_slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sample_slide), "--transfer-syntax", "htj2k-lossless", "--research-placeholder"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("sample.svs: aperio\n  level 0")
    assert "130 tiles of 240 x 240" in shown
    assert "micrometres per pixel: 0.499\n" in shown
    assert "\nwould become\n  level-0.dcm" in shown
    assert "encoded without loss from 22.5 MB of pixels (syntax-requested)" in shown
    assert "syntax-requested: PS3.5 A.4" in shown
    assert "metadata:" not in shown


def test_what_stands_in_the_way_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slide = build_sample_slide(tmp_path / "unscaled.svs", columns=500, rows=400, micrometres_per_pixel=None)
    assert main([str(slide), "--json"]) == 1
    shown, complained = capsys.readouterr()
    assert not json.loads(shown)["convertible"]
    assert complained.startswith("slidebeam: error: ")
    assert "--source-pixel-spacing-mm" in complained
    assert main([str(slide), "--source-pixel-spacing-mm", "0.0005,0.0005"]) == 0


def test_several_slides_and_a_file_that_is_none(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.svs").write_bytes(b"no slide at all")
    assert main([str(tmp_path / "none.svs"), str(sample_slide), "--json"]) == 1
    shown, complained = capsys.readouterr()
    assert json.loads(shown)["slide_id"] == "sample.svs"
    assert complained.count("\n") == 1
    assert "none.svs" in complained


def test_options_of_writing_are_not_taken(sample_slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sample_slide), "--output", "out"]) == 1
    assert "unrecognized arguments: --output" in capsys.readouterr().err
