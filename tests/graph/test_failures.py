"""A slide that fails fails alone, is reported by name, and leaves nothing behind."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest

from pipeline.model.config import CodecValidation
from pipeline.model.errors import StorageError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.io.sources.damage import flip_bytes, set_tag
from tests.io.sources.tiffs import TiffForm, draw_image, rewrite_svs, stored_tiles, write_tiff
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding, encode_tile

TILE = 64


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of one level with 7 x 5 tiles."""
    folder = tmp_path_factory.mktemp("sound")
    sample = build_sample_slide(folder / "sample.svs", columns=400, rows=300, tile=TILE, associated=False)
    return rewrite_svs(folder / "sound.svs", sample, {})


def with_tile(path: Path, sound: Path, place: int, tile: bytes) -> Path:
    """Write the slide with another tile at a place."""
    return rewrite_svs(path, sound, {place: tile})


def truncated(tile: bytes) -> bytes:
    """Cut a tile behind its header: its end marker is gone, so it cannot pass, nor be decoded in full."""
    return tile[: len(tile) // 2].rstrip(b"\xff")


def failure_of(report: dict[str, Any], slide_id: str) -> dict[str, Any]:
    return next(failure for failure in report["failures"] if failure["slide_id"] == slide_id)


@pytest.mark.parametrize("options", [{}, {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS}])
def test_a_corrupt_tile_fails_its_slide_alone(tmp_path: Path, sound: Path, options: dict[str, Any]) -> None:
    """In the middle of the second of three; whether tiles pass or are decoded."""
    tiles = stored_tiles(sound)
    slides = [tmp_path / f"{name}.svs" for name in "abc"]
    for slide in slides:
        slide.write_bytes(sound.read_bytes())
    with_tile(slides[1], sound, 17, truncated(tiles[17]))
    report = convert(slides, tmp_path / "out", **options)
    assert statuses(report) == {"a.svs": "published", "b.svs": "failed", "c.svs": "published"}
    failure = failure_of(report, "b.svs")
    assert (failure["level"], failure["frame"], failure["error_class"]) == (0, 17, "TileError")
    assert failure["uri"] == str(slides[1])
    assert "tile 17" in failure["message"]
    assert str(slides[1]) in failure["message"]
    assert sorted({Path(name).parts[0] for name in published(tmp_path / "out")}) == ["a.svs", "c.svs"]
    assert staging_left(tmp_path / "out") == []
    assert [path.name for path in (tmp_path / "out/_state").iterdir()] == ["a.svs.json", "c.svs.json"]


def test_the_failures_file_names_the_place_and_a_command_that_shows_it(tmp_path: Path, sound: Path) -> None:
    slide = with_tile(tmp_path / "it's bad.svs", sound, 3, truncated(stored_tiles(sound)[3]))
    report = convert(slide, tmp_path / "out", jpeg_quality=80)
    lines = (tmp_path / "out/_reports" / report["job"] / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == report["failures"]
    command = shlex.split(report["failures"][0]["reproduce"])
    assert command[:3] == ["python", "-m", "pipeline.run"]
    assert command[command.index("--input") + 1] == str(slide)
    assert command[command.index("--level") + 1] == "0"
    assert command[command.index("--jpeg-quality") + 1] == "80"
    command[0] = sys.executable
    command[command.index("--output") + 1] = str(tmp_path / "again")
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert "tile 3" in shown.stderr
    assert not (tmp_path / "again/it's bad.svs").exists()


@pytest.mark.parametrize("run_frames", [1, 64])
def test_a_slide_whose_every_tile_fails_still_has_its_row(tmp_path: Path, sound: Path, run_frames: int) -> None:
    tiles = stored_tiles(sound)
    bad = rewrite_svs(tmp_path / "bad.svs", sound, {i: truncated(tile) for i, tile in enumerate(tiles)})
    report = convert([bad, sound], tmp_path / "out", run_frames=run_frames)
    assert statuses(report) == {"bad.svs": "failed", "sound.svs": "published"}
    entry = report["slides"][0]
    assert entry["planned_frames"] == len(tiles)
    assert entry["failures"] == len(report["failures"]) == (len(tiles) if run_frames == 1 else 1)
    assert entry["frames"] == 0
    assert not (tmp_path / "out/bad.svs").exists()


def test_only_failures_is_a_report_too(tmp_path: Path, sound: Path) -> None:
    missing = [tmp_path / f"{name}.svs" for name in "xyz"]
    report = convert(missing, tmp_path / "out")
    assert statuses(report) == dict.fromkeys(("x.svs", "y.svs", "z.svs"), "failed")
    assert {failure["error_class"] for failure in report["failures"]} == {"SourceError"}
    assert published(tmp_path / "out") == {}


def bad_inputs(folder: Path, sound: Path) -> dict[str, str]:
    """Write files and folders that are no slides, or damaged ones; return the class of error by name."""
    svs = sound.read_bytes()
    tiff = write_tiff(folder / "base.tif", TiffForm(compression="lzw"), resolution=(20000, 20000), resolutionunit=3)
    plain = tiff.read_bytes()
    tiff.unlink()
    contents = {
        "empty.svs": b"",
        "text.svs": b"this is a text, and no slide\n" * 50,
        "cut.svs": svs[: len(svs) // 2],
        "header-only.svs": svs[:8],
        "wide.svs": set_tag(svs, 256, value=b"\0\0\0\x80", dtype=4),
        "five-samples.svs": set_tag(svs, 277, value=b"\5\0"),
        "12-bits.tif": set_tag(plain, 258, value=b"\x0c\0", count=1),
        "unknown-codec.svs": set_tag(svs, 259, value=b"\xff\xcc"),
        "index-too-short.svs": set_tag(svs, 325, count=5),
        "tables.svs": svs.replace(b"\xff\xd8\xff\xdb\x00", b"\xff\xd8\xff\xdb\xff", 1),
        "dicom.dcm": bytes(128) + b"DICM" + bytes(50),
        "flipped.tif": flip_bytes(plain, [(4, 0xFF), (5, 0xFF)]),
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    (folder / "no-scale.tif").write_bytes(write_tiff(folder / "n.tif", TiffForm(compression="lzw")).read_bytes())
    (folder / "n.tif").unlink()
    # Twelve bits are read, and eight of them are stored: the first tile is too short.
    return dict.fromkeys([*contents, "folder", "no-scale.tif", "not-there.svs"], "SourceError") | {
        "12-bits.tif": "TileError"
    }


def test_nothing_that_is_no_slide_breaks_the_job(tmp_path: Path, sound: Path) -> None:
    """All in one job, beside a slide that is one: each is reported once, with its URI and the class of its error."""
    folder = tmp_path / "in"
    folder.mkdir()
    expected = bad_inputs(folder, sound)
    report = convert([*(folder / name for name in expected), sound], tmp_path / "out")
    assert statuses(report) == dict.fromkeys(expected, "failed") | {"sound.svs": "published"}
    for name, error_class in expected.items():
        failure = failure_of(report, name)
        assert (name, failure["error_class"]) == (name, error_class)
        assert failure["uri"] == str(folder / name)
        assert name in failure["message"]
        assert "\n" not in failure["message"]
    assert {Path(name).parts[0] for name in published(tmp_path / "out")} == {"sound.svs"}
    assert staging_left(tmp_path / "out") == []


def test_shared_corrupt_slides(tmp_path: Path, shared_slides: Path, sound: Path) -> None:
    corrupt = sorted((shared_slides / "corrupt").iterdir())
    report = convert([*corrupt, sound], tmp_path, source_pixel_spacing_mm=(0.0005, 0.0005))
    assert statuses(report) == {path.name: "failed" for path in corrupt} | {"sound.svs": "published"}
    assert {failure["error_class"] for failure in report["failures"]} <= {"SourceError", "TileError"}
    assert {Path(name).parts[0] for name in published(tmp_path)} == {"sound.svs"}


def test_missing_metadata_fails_the_slide_before_anything_is_read(tmp_path: Path, sound: Path) -> None:
    report = convert(sound, tmp_path, research_placeholder=False)
    (failure,) = report["failures"]
    assert (failure["error_class"], failure["stage"]) == ("MetadataMissing", "OpenSlides")
    assert "PatientID" in failure["message"]
    assert published(tmp_path) == {}


def test_a_tile_of_another_size_is_found_with_and_without_validation(tmp_path: Path, sound: Path) -> None:
    small = encode_tile(draw_image(TiffForm(compression="none"), 32, 32), TileEncoding.JPEG_RGB)
    slide = with_tile(tmp_path / "s.svs", sound, 8, small)
    for validation in CodecValidation:
        report = convert(slide, tmp_path / validation, codec_validation=validation)
        (failure,) = report["failures"]
        assert (failure["error_class"], failure["level"], failure["frame"]) == ("TileError", 0, 8)
        assert published(tmp_path / validation) == {}


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from tests.graph.conversions import convert, published, staging_left, statuses
report = convert(Path({slide!r}), Path({output!r}))
print(statuses(report), [f["error_class"] for f in report["failures"]], len(staging_left(Path({output!r}))))
"""


def test_an_output_that_fills_up_fails_the_slide(tmp_path: Path, sound: Path) -> None:
    """No file may grow beyond 50 kB here: less than the level, more than a report."""
    script = FULL_DISK.format(limit=50_000, slide=str(sound), output=str(tmp_path / "out"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "{'sound.svs': 'failed'} ['StorageError'] 0", done.stderr
    assert published(tmp_path / "out") == {}


def test_an_output_that_cannot_be_made_is_an_error(tmp_path: Path, sound: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        convert(sound, tmp_path / "file" / "out")


def test_a_file_whose_name_is_no_text_fails_no_report(tmp_path: Path, sound: Path) -> None:
    """One beside what makes a slide, which a warning names, and one that fails its slide."""
    convert(sound, tmp_path / "first")
    (level,) = (tmp_path / "first" / "sound.svs").iterdir()
    warned, broken = (Path(shutil.copytree(level.parent, tmp_path / name)) for name in ("warned", "broken"))
    localizer = pydicom.dcmread(level)
    localizer.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]
    localizer.save_as(warned / "\udcff.dcm")
    (broken / "\udcff.dcm").write_bytes(level.read_bytes()[:600])
    report = convert([sound, warned, broken], tmp_path / "out")
    assert statuses(report) == {"broken": "failed", "sound.svs": "published", "warned": "published"}
    assert "\\udcff.dcm" in failure_of(report, "broken")["message"]
    (told,) = (slide["warnings"] for slide in report["slides"] if slide["slide_id"] == "warned")
    assert any(warning.startswith("\\udcff.dcm is ") for warning in told)
