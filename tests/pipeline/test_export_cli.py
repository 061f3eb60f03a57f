"""`slidebeam export`: what is typed, what is told, and the exit code."""

import json
import os
from pathlib import Path

import openslide
import pytest
import tifffile

from pipeline.cli.export import main
from pipeline.export_inputs import requested_export, with_tiff_names
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_target import TiffFormat
from tests.graph.conversions import convert
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two slides as DICOM."""
    folder = tmp_path_factory.mktemp("dicom")
    slides = [build_sample_slide(folder / f"{n}.svs", columns=300 + 64 * n, rows=200, tile=64) for n in range(2)]
    convert(slides, folder / "out")
    return folder / "out"


def test_one_slide_to_a_named_file(dicom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "new/a.svs"
    assert main([str(dicom / "0.svs"), str(place)]) == 0
    told = capsys.readouterr().out
    for words in (str(place), "tiles copied", "1 TIFF written"):
        assert words in told
    with openslide.OpenSlide(place) as shown:
        assert shown.properties["openslide.vendor"] == "aperio"
    assert os.listdir(place.parent) == ["a.svs"]


def test_several_slides_to_a_folder(dicom: Path, tmp_path: Path) -> None:
    assert main([str(dicom / "*.svs"), str(tmp_path / "out"), "--quiet"]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["0.tiff", "1.tiff"]


def test_o16_orthanc_s_spelling(dicom: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.tif"
    assert main(["--reencode=1", "--jpeg-quality=80", "--color=255,0,0", str(dicom / "0.svs"), str(place)]) == 0
    with tifffile.TiffFile(place) as tiff:
        assert tiff.pages.first.photometric == tifffile.PHOTOMETRIC.YCBCR
        assert tiff.pages.first.tags["YCbCrSubSampling"].value == (2, 2)
    assert main([str(dicom / "0.svs"), "--reencode", "0", str(place), "--overwrite"]) == 0
    with tifffile.TiffFile(place) as tiff:
        assert tiff.pages.first.photometric == tifffile.PHOTOMETRIC.RGB


def test_a_report_in_json(dicom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.svs"
    bad.write_bytes(b"no slide")
    assert main([str(bad), str(dicom / "0.svs"), str(tmp_path / "out"), "--json", "--format", "ome-tiff"]) == 1
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert [(Path(tiff["tiff"]).name, tiff["status"]) for tiff in report["tiffs"]] == [
        ("0.ome.tiff", "written"),
        ("bad.ome.tiff", "failed"),
    ]
    assert report["tiffs"][0]["frames_by_route"]["passthrough"] > 0
    assert "bad.svs" in told.err


def test_beam_s_options_are_told_from_paths(dicom: Path, tmp_path: Path) -> None:
    arguments = ["--direct_num_workers", "1", str(dicom / "0.svs"), "--runner", "FnApiRunner", str(tmp_path / "a.tiff")]
    assert main([*arguments, "--quiet"]) == 0
    assert os.listdir(tmp_path) == ["a.tiff"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["only.tiff"], "INPUT"),
        (["nowhere.svs", "out"], "there is no such file"),
        (["{0}", "out", "--runnr=X"], "did you mean --runner?"),
        (["{0}", "out", "--quality=101"], "--quality takes"),
        (["{0}", "out", "--reencode=perhaps"], "takes 0 or 1"),
        (["{0}", "out", "--color=red"], "takes R,G,B"),
        (["{0}", "out", "--tile-size=250"], "multiple of 16"),
        (["{0}", "{1}", "out.tiff"], "name a folder"),
        (["{0}", "out.jpg"], "out.jpg has the suffix of no TIFF, which are .tif, .tiff, .svs,"),
        (["{0}", "gs://bucket/out.dcm"], "and is no folder"),
        (["--input", "{0}", "--output=out"], "--input: paths are typed without it"),
        (["{0}", "--output=out"], "--output=out: paths are typed without it"),
    ],
)
def test_what_is_wrong_is_one_line(
    dicom: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word.format(dicom / "0.svs", dicom / "1.svs") for word in arguments]
    assert main(words) == 1
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("output", "given", "name", "format"),
    [
        ("a.tif", None, "a.tif", TiffFormat.TIFF),
        ("x/a.SVS", None, "a.SVS", TiffFormat.SVS),
        ("a.ome.tif", None, "a.ome.tif", TiffFormat.OME_TIFF),
        ("a.tiff", TiffFormat.OME_TIFF, "a.tiff", TiffFormat.OME_TIFF),
        ("gs://b/x/a.svs", None, "a.svs", TiffFormat.SVS),
        ("out", None, "0.tiff", TiffFormat.TIFF),
        ("out", TiffFormat.SVS, "0.svs", TiffFormat.SVS),
    ],
)
def test_the_output_says_the_format(
    dicom: Path, output: str, given: TiffFormat | None, name: str, format: TiffFormat
) -> None:
    request = requested_export([str(dicom / "0.svs")], output, given)
    assert [slide.slide_id for slide in request.slides] == [name]
    assert request.format is format


def test_names_that_would_be_equal_keep_their_suffix() -> None:
    slides = [SlideInput(uri=name, slide_id=name) for name in ("a.svs", "A.ndpi", "b.svs", "1.2.840.99", "c.dcm")]
    named = [slide.slide_id for slide in with_tiff_names(slides, TiffFormat.TIFF)]
    assert named == ["a.svs.tiff", "A.ndpi.tiff", "b.tiff", "1.2.840.99.tiff", "c.tiff"]


def test_a_file_that_is_no_tiff_is_no_output(dicom: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        requested_export([str(dicom / "0.svs")], str(tmp_path / "notes"), None)


@pytest.mark.parametrize("output", ["", "tiffs", "a.tiff", "new/a.svs"])
def test_no_tiff_comes_to_lie_in_the_folder_of_a_slide(dicom: Path, output: str) -> None:
    """A folder that holds a TIFF beside a series is not of one slide any more."""
    with pytest.raises(ConfigError, match=r"0\.svs is the folder of a slide.*name another output"):
        requested_export([str(dicom / "0.svs")], str(dicom / "0.svs" / output), None)
    assert requested_export([str(dicom / "0.svs")], str(dicom / output), None)


def test_slides_in_the_output_are_told_of(dicom: Path) -> None:
    """A glob does not match what lies in the output: the next run would export its TIFFs."""
    with pytest.raises(ConfigError, match=r"no slide matches .*what lies in the output, .*, is left out"):
        requested_export([str(dicom / "*.svs")], str(dicom), None)


def test_tiffs_of_a_bucket_are_not_exported_again(dicom: Path, object_root: str) -> None:
    bucket, prefix = open_bucket(object_root), split_address(object_root).key
    for name in ("a.dcm", "tiffs/b.tiff"):
        bucket.write(f"{prefix}/{name}", (dicom / "0.svs/level-0.dcm").read_bytes())
    request = requested_export([f"{object_root}/**"], f"{object_root}/tiffs/", None)
    assert [slide.slide_id for slide in request.slides] == ["a.tiff"]


def test_an_output_that_cannot_be_written_is_told(dicom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(dicom / "0.svs"), "/proc/none/a.tiff"]) == 1
    assert "cannot be written" in (told := capsys.readouterr().err)
    assert "--output" not in told
