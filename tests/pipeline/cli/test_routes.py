"""`slidebeam routes` on real conversions: what it prints, and what it draws."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.routes import main
from pipeline.io.sources.registry import open_source
from pipeline.model.config import MissingTiles
from tests.graph import stacks
from tests.graph.conversions import convert
from tests.sample import build_sample_slide

MISSING = {0, 5, 11, 12, 55}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an output of two slides: one that lacks tiles, and a stack of three channels in five focal planes."""
    folder = tmp_path_factory.mktemp("routes")
    slide = build_sample_slide(folder / "s.svs", columns=500, rows=400, tile=64, empty_tiles=MISSING)
    convert([slide, stacks.fluorescence(folder)], folder / "out", add_missing_levels=True)
    return folder / "out"


def pixels(png: Path) -> np.ndarray:
    """Return a picture, (rows, columns, 3)."""
    with Image.open(png) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_table_for_each_slide(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output)]) == 0
    shown, complained = capsys.readouterr()
    stack, slide = shown.split("s.svs in ")
    assert stack.startswith(f"f.ome.tif in {output}\n")
    assert ", 3 optical paths, 5 focal planes  encoded anew  " in stack
    lines = slide.splitlines()
    assert lines[:5] == [
        str(output),
        "  level 0  500 x 400  passed      51 tiles  91.1%",
        "                      background  5 tiles   8.9%   missing-tile",
        "  level 1  250 x 200  averaged    16 tiles  100%   level-averaged",
        "  level 2  125 x 100  passed      4 tiles   100%",
    ]
    assert "  missing-tile: TIFF 6.0 TileByteCounts is 0: there is no tile to pass" in lines
    assert complained == ""


def test_a_slide_by_name_and_by_its_folder(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([str(output), "s.svs"], [str(output / "s.svs")], [f"{output}/s.svs/", "s.svs"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out.startswith(f"s.svs in {output}\n  level 0  500 x 400  passed")


def test_json(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), "--json"]) == 0
    stack, slide = map(json.loads, capsys.readouterr().out.splitlines())
    assert (stack["slide_id"], slide["slide_id"]) == ("f.ome.tif", "s.svs")
    assert slide["output_dir"] == str(output)
    base = slide["levels"][0]
    assert [(way["fate"], way["route"], way["reason"], way["tiles"]) for way in base["ways"]] == [
        ("passed", "passthrough", None, 51),
        ("background", "background", "missing-tile", 5),
    ]
    assert base["ways"][1]["citation"].startswith("TIFF 6.0 TileByteCounts")
    base = stack["levels"][0]
    assert (base["optical_paths"], base["focal_planes"]) == (3, 5)
    assert sum(way["tiles"] for way in base["ways"]) == base["tiles"]


def test_a_picture(output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing tiles are pink, the others blue, and the tissue shows: it is the picture of the slide."""
    png = tmp_path / "routes.png"
    assert main([str(output), "s.svs", "--png", str(png), "--size", "1000"]) == 0
    assert capsys.readouterr().err == (
        f"slidebeam: {png} shows level 0 of s.svs, 500 x 400 pixels in 56 tiles of 64 x 64\n"
    )
    picture = pixels(png)[:800]
    for number in range(56):
        down, across = divmod(number, 8)
        red, _, blue = picture[down * 128 + 16 : down * 128 + 30, across * 128 + 10 : across * 128 + 30].mean((0, 1))
        assert (red > blue) == (number in MISSING), number
    with open_source(str(output / "s.svs")) as source:
        tissue = source.read_region(0, 0, 0, 500, 400).mean(axis=2)
    passed = np.s_[140:500, 140:380]
    small = np.asarray(Image.fromarray(picture[:, :, 1].astype(np.uint8)).resize((500, 400)))
    assert np.corrcoef(small[passed].ravel(), tissue[passed].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("planes", [[], ["--optical-path", "2", "--focal-plane", "4"]])
def test_a_plane_is_chosen_or_the_first(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], planes: list[str]
) -> None:
    png = tmp_path / "routes.png"
    arguments = [str(output), "f.ome.tif", "--png", str(png), "--level", "0", "--size", "300", *planes]
    assert main(arguments) == 0
    said = "optical path 2 of 3, focal plane 4 of 5" if planes else "optical path 0 of 3, focal plane 0 of 5"
    assert said in capsys.readouterr().err
    assert pixels(png).shape[1] == 640


def test_sparse_tiles_are_black(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=500, rows=400, tile=64, empty_tiles=MISSING)
    convert(slide, tmp_path / "out", missing_tiles=MissingTiles.SPARSE)
    png = tmp_path / "routes.png"
    assert main([f"{tmp_path}/out", "--png", str(png), "--size", "1000"]) == 0
    red, green, blue = pixels(png)[20, 20].tolist()
    assert red == green == blue < 160


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--png", "x.png"], "--png shows one slide, and OUT holds f.ome.tif, s.svs; name one"),
        (["s.svs", "--png", "x.png", "--level", "9"], "OUT/s.svs has no level 9; its levels are 0, 1, 2, 3, 4"),
        (["s.svs", "--png", "x.png", "--optical-path", "1"], "OUT/s.svs has no optical path 1: it has 1, counted"),
        (["s.svs", "--png", "x.png", "--focal-plane", "-1"], "OUT/s.svs has no focal plane -1: it has 1, counted"),
        (["s.svs", "--png", "x.png", "--size", "20"], "--size 20: the longer edge is 64 to 8192 pixels"),
        (["s.svs", "--png", "OUT/none/x.png"], "--png OUT/none/x.png cannot be written: No such file or directory"),
        (["s.svs", "--png", "s3://b/x.png"], "--png s3://b/x.png: pictures are written to a disk; give a path"),
        (["s.svs", "--level", "1"], "--level says what --png FILE shows; give both"),
        (["s.svs", "--focal-plane", "0"], "--focal-plane says what --png FILE shows; give both"),
        (["other.svs"], "OUT holds no slide other.svs; it holds f.ome.tif, s.svs"),
    ],
)
def test_errors_are_one_line(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(output), *(argument.replace("OUT", str(output)) for argument in arguments)]) == 1
    complained = capsys.readouterr().err
    assert complained.startswith(f"slidebeam: error: {said.replace('OUT', str(output))}")
    assert complained.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "is no output of a conversion" in capsys.readouterr().err
