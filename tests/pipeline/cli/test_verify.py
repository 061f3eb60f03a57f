"""`slidebeam verify` on real series, sound and damaged."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline import DicomExport
from pipeline.cli.verify import find_series, main
from pipeline.model.errors import ConfigError


@pytest.fixture(scope="module")
def output(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an output folder with level 2 of the sample slide in it, its JPEG tiles passed through."""
    folder = tmp_path_factory.mktemp("output")
    export = DicomExport.from_slide(sample_slide).to_directory(folder).research_placeholder().level(2)
    export.without_label().without_overview().without_thumbnail().run()
    return folder


def test_a_sound_series_is_told_by_output_and_by_its_own_folder(
    output: Path, sample_slide: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (output, output / "sample.svs"):
        assert main([str(folder), str(sample_slide)]) == 0
        shown, complained = capsys.readouterr()
        assert "level-2.dcm: 1 frame: 1 with the source's own bytes\n" in shown
        assert shown.endswith(
            f"{output}/sample.svs holds exactly what is in {sample_slide}, except level 0, level 1, thumbnail, "
            "label, overview: there is no file of them\n"
        )
        assert complained == ""


def test_json(output: Path, sample_slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), str(sample_slide), "--json"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    report = json.loads(shown)
    assert report["ok"]
    assert report["instances"][0]["identical"] == 1


def test_damage_is_found(output: Path, sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "sample.svs"
    shutil.copytree(output / "sample.svs", damaged)
    data = bytearray((damaged / "level-2.dcm").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    (damaged / "level-2.dcm").write_bytes(data)
    assert main([str(tmp_path), str(sample_slide)]) == 1
    shown, complained = capsys.readouterr()
    assert "does NOT hold what is in" in shown
    assert complained == (
        "slidebeam: error: level-2.dcm differs from the slide in frame 0; convert it again with --force\n"
    )


def test_a_folder_alone_leaves_a_doubt(
    output: Path, sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(output / "sample.svs", tmp_path / "sample.svs")
    assert main([str(tmp_path), str(sample_slide)]) == 0
    assert "no state record tells whether there were any\n" in capsys.readouterr().out


def test_nothing_is_left_out_of_a_whole_series(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = DicomExport.from_slide(sample_slide).to_directory(tmp_path).research_placeholder()
    export.transfer_syntax("htj2k-lossless").run()
    assert main([str(tmp_path), str(sample_slide)]) == 0
    assert capsys.readouterr().out.endswith(f"/sample.svs holds exactly what is in {sample_slide}\n")
    (tmp_path / "sample.svs" / "label.dcm").unlink()
    assert main([str(tmp_path), str(sample_slide)]) == 1
    shown, complained = capsys.readouterr()
    assert shown.endswith(f"/sample.svs does NOT hold what is in {sample_slide}; not compared: label\n")
    assert "label.dcm was written and is missing" in complained


def test_loss_is_said(sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = DicomExport.from_slide(sample_slide).to_directory(tmp_path).research_placeholder().level(2)
    export.without_label().without_overview().without_thumbnail().force_transcode().transfer_syntax(
        "jpeg-baseline8-bit"
    ).run()
    assert main([str(tmp_path), str(sample_slide)]) == 0
    shown = capsys.readouterr().out
    assert "level-2.dcm: 1 frame: 1 near its pixels (PSNR at least " in shown
    assert "holds, but for the loss in 1 frame that was encoded anew, what is in" in shown


def test_where_the_series_is(tmp_path: Path) -> None:
    for place in ("a/s.svs", "b/s.svs", "b/t[1].svs"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "level-0.dcm").touch()
    assert find_series(tmp_path / "b" / "s.svs", "s.svs") == tmp_path / "b" / "s.svs"
    assert find_series(tmp_path / "b", "s.svs") == tmp_path / "b" / "s.svs"
    assert find_series(tmp_path, "t[1].svs") == tmp_path / "b" / "t[1].svs"
    assert find_series(tmp_path, "a/s.svs") == tmp_path / "a" / "s.svs"
    with pytest.raises(ConfigError, match=r"several slides called s\.svs"):
        find_series(tmp_path, "s.svs")
    with pytest.raises(ConfigError, match=r"no DICOM files of u\.svs"):
        find_series(tmp_path, "u.svs")
    with pytest.raises(ConfigError, match="is no folder"):
        find_series(tmp_path / "c", "s.svs")
