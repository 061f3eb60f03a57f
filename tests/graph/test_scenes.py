"""A file of several scenes is several slides: series of one study, which fail, rerun and are verified one by one."""

import json
from pathlib import Path

import pydicom
import pytest

from pipeline.cli.inspect import main as inspect
from pipeline.cli.verify import main as verify
from pipeline.inputs import expand_inputs
from pipeline.io.reports.progress import BOARD
from pipeline.io.verification import verify_slide
from pipeline.model.errors import ConfigError
from pipeline.run import main as run
from tests.graph import stacks
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.io.sources.tiffs import stored_tiles

PLACED = ((10_000.0, 20_000.0), (14_000.0, 23_000.0))
"""Of the stage, in micrometres."""


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of two scenes whose places nobody knows."""
    return stacks.two_scenes(tmp_path_factory.mktemp("scenes") / "s.ome.tif")


@pytest.fixture(scope="module")
def output(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a conversion of the file wrote."""
    folder = tmp_path_factory.mktemp("output")
    report = convert(slide, folder)
    assert statuses(report) == {"s.ome.tif/scene-1": "published", "s.ome.tif/scene-2": "published"}
    assert BOARD.snapshot().more_slides == 1
    return folder


def uids(output: Path, name: str, keyword: str) -> list[str]:
    """Return an attribute of the base level of both scenes."""
    files = [output / name / f"scene-{number}" / "level-0.dcm" for number in (1, 2)]
    return [str(pydicom.dcmread(file, stop_before_pixels=True)[keyword].value) for file in files]


def test_scenes_are_series_of_one_study(slide: Path, output: Path) -> None:
    assert sorted(published(output)) == [f"s.ome.tif/scene-{number}/level-0.dcm" for number in (1, 2)]
    assert len(set(uids(output, slide.name, "StudyInstanceUID"))) == 1
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "PyramidUID", "FrameOfReferenceUID"):
        assert len(set(uids(output, slide.name, keyword))) == 2, keyword
    for number in (1, 2):
        assert verify_slide(output / slide.name / f"scene-{number}", f"{slide}#scene={number}").ok


def test_scenes_that_have_places_share_a_frame_of_reference(tmp_path: Path) -> None:
    slide = stacks.two_scenes(tmp_path / "placed.ome.tif", places_um=PLACED)
    convert(slide, tmp_path / "out")
    assert len(set(uids(tmp_path / "out", slide.name, "FrameOfReferenceUID"))) == 1
    assert len(set(uids(tmp_path / "out", slide.name, "SeriesInstanceUID"))) == 2
    origins = [
        pydicom.dcmread(tmp_path / "out" / slide.name / f"scene-{number}/level-0.dcm").TotalPixelMatrixOriginSequence[0]
        for number in (1, 2)
    ]
    across, along = (
        abs(float(origins[1][keyword].value) - float(origins[0][keyword].value))
        for keyword in ("XOffsetInSlideCoordinateSystem", "YOffsetInSlideCoordinateSystem")
    )
    assert sorted((across, along)) == pytest.approx([3.0, 4.0])


def test_one_scene_is_the_same_series_as_among_all(slide: Path, output: Path, tmp_path: Path) -> None:
    assert run(["--input", f"{slide}#scene=2", "--output", str(tmp_path), "--research-placeholder", "--quiet"]) == 0
    assert published(tmp_path) == {
        name: data for name, data in published(output).items() if name.startswith("s.ome.tif/scene-2/")
    }


def test_a_scene_that_fails_fails_alone_and_a_rerun_takes_what_is_left(tmp_path: Path) -> None:
    """The second scene's first tile is cut short; then the file is whole again."""
    slide = stacks.two_scenes(tmp_path / "s.ome.tif")
    whole = slide.read_bytes()
    tile = stored_tiles(slide, page=1)[0]
    at = whole.rindex(tile)
    slide.write_bytes(whole[: at + len(tile) // 2] + bytes(len(tile) - len(tile) // 2) + whole[at + len(tile) :])
    report = convert(slide, tmp_path / "out")
    assert statuses(report) == {"s.ome.tif/scene-1": "published", "s.ome.tif/scene-2": "failed"}
    (failure,) = report["failures"]
    assert (failure["slide_id"], failure["uri"]) == ("s.ome.tif/scene-2", f"{slide}#scene=2")
    assert (failure["error_class"], failure["frame"]) == ("TileError", 0)
    assert f"'{slide}#scene=2'" in failure["reproduce"]
    assert list(published(tmp_path / "out")) == ["s.ome.tif/scene-1/level-0.dcm"]
    assert staging_left(tmp_path / "out") == []
    again = convert(slide, tmp_path / "out")
    assert statuses(again) == {"s.ome.tif/scene-1": "skipped", "s.ome.tif/scene-2": "failed"}


def test_a_rerun_skips_both(slide: Path, output: Path) -> None:
    before = published(output)
    assert set(statuses(convert(slide, output)).values()) == {"skipped"}
    assert published(output) == before


def test_a_scene_that_is_not_there_is_an_error(slide: Path, tmp_path: Path) -> None:
    for number in (0, 3):
        report = convert(Path(f"{slide}#scene={number}"), tmp_path / str(number))
        (failure,) = report["failures"]
        assert failure["error_class"] == "SourceError"
        assert f"has no scene {number}: its scenes are 1 to 2" in failure["message"]


def test_the_summary_and_the_progress_count_slides(
    slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--input", str(slide), "--output", str(tmp_path), "--research-placeholder"]) == 0
    shown = capsys.readouterr().out
    assert "s.ome.tif/scene-1: written to" in shown
    assert "s.ome.tif/scene-2: written to" in shown
    assert "2 slides written" in shown


def test_inspect_lists_all_scenes(slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect([str(slide), "--json", "--research-placeholder"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["slide_id"] for one in listed] == ["s.ome.tif/scene-1", "s.ome.tif/scene-2"]
    assert [one["uri"] for one in listed] == [f"{slide}#scene=1", f"{slide}#scene=2"]
    assert inspect([f"{slide}#scene=2", "--json", "--research-placeholder"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_inspect_goes_on_behind_a_file_that_is_no_slide(
    slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.svs").write_text("no slide")
    assert inspect([str(tmp_path / "text.svs"), str(slide), "--json", "--research-placeholder"]) == 1
    shown, complained = capsys.readouterr()
    assert shown.count("\n") == 2
    assert complained.count("slidebeam: error:") == 1


def test_verify_checks_all_scenes(slide: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the output, from the file's own folder in it, and one scene alone."""
    for folder in (output, output / slide.name):
        assert verify([str(folder), str(slide), "--json"]) == 0
        reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [report["slide"] for report in reports] == [f"{slide}#scene=1", f"{slide}#scene=2"]
        assert all(report["ok"] for report in reports)
        assert verify([str(folder), f"{slide}#scene=2", "--json"]) == 0
        assert capsys.readouterr().out.count("\n") == 1


def test_verify_tells_one_scene_from_the_other(slide: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = output / slide.name / "scene-1"
    assert verify([str(first), f"{slide}#scene=2"]) == 1
    assert "differs from the slide" in capsys.readouterr().err
    assert verify([str(first), str(slide)]) == 1
    assert "holds one series" in capsys.readouterr().err


def test_verify_misses_a_scene(slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["--input", f"{slide}#scene=2", "--output", str(tmp_path), "--research-placeholder", "--quiet"])
    assert verify([str(tmp_path), str(slide)]) == 1
    assert "holds no DICOM files of s.ome.tif/scene-1" in capsys.readouterr().err


def test_a_file_whose_own_name_ends_like_a_scene(slide: Path, tmp_path: Path) -> None:
    """The file is what is meant; its scenes have names of their own."""
    file = tmp_path / "s.ome.tif#scene=2"
    file.write_bytes(slide.read_bytes())
    (named,) = expand_inputs([str(file)])
    assert (named.uri, named.slide_id) == (str(file), file.name)
    report = convert(file, tmp_path / "out")
    assert statuses(report) == {f"{file.name}/scene-{number}": "published" for number in (1, 2)}
    assert verify([str(tmp_path / "out"), str(file)]) == 0


def test_a_scene_and_a_file_of_one_name_are_not_mixed_up(slide: Path, tmp_path: Path) -> None:
    """The second scene of one file has the name of the other: nobody could say which is meant."""
    files = [tmp_path / "s.ome.tif", tmp_path / "s.ome.tif#scene=2"]
    for file in files:
        file.write_bytes(slide.read_bytes())
    report = convert(files[0], tmp_path / "out")
    (failure,) = report["failures"]
    assert "is a scene of" in failure["message"]
    assert published(tmp_path / "out") == {}


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_and_one_of_its_scenes_at_once_are_refused(slide: Path, order: int) -> None:
    with pytest.raises(ConfigError, match="leave one of the two out"):
        expand_inputs([str(slide), f"{slide}#scene=2"][::order])


def test_scenes_one_by_one_and_twice(slide: Path) -> None:
    found = expand_inputs([f"{slide}#scene=1", f"{slide}#scene=2", f"{slide}#scene=02"])
    assert [one.slide_id for one in found] == ["s.ome.tif/scene-1", "s.ome.tif/scene-2"]
