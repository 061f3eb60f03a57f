"""A dry run says what the conversion then does, and writes nothing but that."""

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from pipeline.configs.estimate_files import load_rates
from pipeline.conversion import run_conversion
from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.reports.plan_write import read_instance_rows, read_slide_rows
from pipeline.io.sources.stamp import stamped
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.planning import run_plan
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

_DAMAGED_WITHIN = "openslide-unreadable.svs"
"""Its header is whole, and its tiles are not: a conversion finds out, a look at the header cannot."""
_GUESSED_WRONG = {"panimg-valid_tiff.tif"}
"""Uncompressed and nearly blank: nothing in the headers tells."""
_BLANK_MIDDLE = (0, 5, 34)


def config_for(output: Path, **options: Any) -> ConversionConfig:
    """Return a configuration with placeholders for metadata."""
    return ConversionConfig(**{"output": str(output), "research_placeholder": True} | options)


def inputs_of(slides: Sequence[Path]) -> list[SlideInput]:
    """Return slides under their own names, as a job lists them."""
    return [stamped(SlideInput(uri=str(path), slide_id=path.name)) for path in slides]


def plan(
    slides: Sequence[Path], config: ConversionConfig, *beam_arguments: str
) -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], dict[str, Any]]]:
    """Plan slides; return the rows of slides by id, and those of instances by slide and name."""
    run_plan(inputs_of(slides), config, beam_arguments, rates=load_rates(), job="plan")
    store = LocalStore(config.output, "plan")
    return (
        {row["slide_id"]: row for row in read_slide_rows(store, None)},
        {(row["slide_id"], row["instance"]): row for row in read_instance_rows(store, None)},
    )


def convert(slides: Sequence[Path], config: ConversionConfig) -> dict[str, Any]:
    """Convert the same slides and return the report."""
    return run_conversion(inputs_of(slides), config, job="job")


def item_bytes(output: Path, instance: dict[str, Any]) -> int:
    """Return the bytes of all frames in the files of an instance, with the padding of items (PS3.5 A.4)."""
    lengths = [FrameIndex.read(output / file).lengths.astype(np.int64) for file in instance["files"]]
    return sum(int((of_file + (of_file & 1)).sum()) for of_file in lengths)


def check_forecasts(
    output: Path, rows: dict[tuple[str, str], dict[str, Any]], report: dict[str, Any], *, guessed_wrong: bool = False
) -> None:
    """Compare each instance that was written with its forecast; what is less than a tile has no bounds to speak of."""
    written = {(instance["slide_id"], instance["name"]): instance for instance in report["instances"]}
    assert written.keys() == rows.keys()
    for key, row in rows.items():
        instance = written[key]
        assert row["frames"] == instance["frame_count"], key
        assert row["transfer_syntax"] == TransferSyntax(instance["transfer_syntax_uid"]).option, key
        assert (row["route"], row["reason"]) == (instance["route"], instance["reason"]), key
        frame_bytes = item_bytes(output, instance)
        if row["frame_bytes_low"] == row["frame_bytes_high"]:
            assert row["frame_bytes"] == frame_bytes, key
            assert row["file_bytes"] == pytest.approx(instance["bytes"], abs=10_000), key
        elif not guessed_wrong and row["columns"] >= row["tile_columns"]:
            assert row["frame_bytes_low"] <= frame_bytes <= row["frame_bytes_high"], key


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL},
        {"transfer_syntax": TransferSyntax.JPEG_XL_RECOMPRESSION},
        {"transfer_syntax": TransferSyntax.JPEG_2000, "j2k_quality": 40.0, "force_transcode": True},
        {"transfer_syntax": TransferSyntax.HTJ2K, "compression_ratio": 20.0, "force_transcode": True},
        {"transfer_syntax": TransferSyntax.JPEG_BASELINE, "jpeg_quality": 60, "force_transcode": True},
        {"transfer_syntax": TransferSyntax.RLE_LOSSLESS},
        {"transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN},
        {"add_missing_levels": True},
        {"regenerate_pyramid": True, "tile_size": 256},
        {"max_instance_bytes": 200_000},
    ],
    ids=str,
)
def test_forecasts_are_what_is_written(tmp_path: Path, options: dict[str, Any]) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=1100, rows=900, associated=not options)
    config = config_for(tmp_path / "out", **options)
    slides, rows = plan([slide], config)
    assert slides["s.svs"]["would"] == "convert"
    assert slides["s.svs"]["source_bytes"] == slide.stat().st_size
    check_forecasts(tmp_path / "out", rows, convert([slide], config))


@pytest.mark.parametrize("encoding", [TileEncoding.JPEG_RGB, TileEncoding.J2K_33005])
def test_holes_have_their_frames(tmp_path: Path, encoding: TileEncoding) -> None:
    slide = build_sample_slide(
        tmp_path / "s.svs", columns=400, rows=300, tile=64, encoding=encoding, empty_tiles=_BLANK_MIDDLE
    )
    config = config_for(tmp_path / "out")
    _, rows = plan([slide], config)
    assert rows["s.svs", "level-0"]["frame_bytes_low"] == rows["s.svs", "level-0"]["frame_bytes_high"]
    check_forecasts(tmp_path / "out", rows, convert([slide], config))


def test_forecasts_of_scanner_files_are_what_is_written(shared_slides: Path, tmp_path: Path) -> None:
    folders = ("aperio", "generic-tiff", "hamamatsu", "ome-tiff", "zeiss-czi", "corrupt")
    slides = [path for folder in folders for path in sorted((shared_slides / folder).iterdir()) if path.is_file()]
    slides += [shared_slides / "dicom/BPAEC", *sorted((shared_slides / "dicom").glob("*.dcm"))]
    config = config_for(tmp_path / "out")
    forecasts, rows = plan(slides, config)
    report = convert(slides, config)
    becomes = {"convert": "published", "skip": "skipped", "fail": "failed", "refuse": "failed"}
    ended = {slide["slide_id"]: slide["status"] for slide in report["slides"]}
    assert forecasts.pop(_DAMAGED_WITHIN)["would"] == "convert"
    assert ended.pop(_DAMAGED_WITHIN) == "failed"
    assert {name: becomes[row["would"]] for name, row in forecasts.items()} == ended
    failures = {(f["slide_id"], f["message"]) for f in report["failures"] if f["slide_id"] != _DAMAGED_WITHIN}
    assert {(name, row["problem"]) for name, row in forecasts.items() if row["problem"]} == failures
    for name in {slide for slide, _ in rows} - {_DAMAGED_WITHIN}:
        own = {key: row for key, row in rows.items() if key[0] == name}
        made = [instance for instance in report["instances"] if instance["slide_id"] == name]
        check_forecasts(tmp_path / "out", own, {"instances": made}, guessed_wrong=name in _GUESSED_WRONG)


def test_what_is_in_the_output_has_its_say(tmp_path: Path) -> None:
    """Finished, finished by another job's options, a stranger's folder, interrupted, damaged, and new."""
    names = ("done", "other", "stranger", "interrupted", "new")
    slides = {
        name: build_sample_slide(tmp_path / f"{name}.svs", columns=400 + 10 * number, rows=300)
        for number, name in enumerate(names)
    }
    (tmp_path / "damaged.svs").write_bytes(b"II*\0 and no more")
    config = config_for(tmp_path / "out")
    convert([slides["done"], slides["interrupted"]], config)
    convert([slides["other"]], dataclasses.replace(config, jpeg_quality=50))
    interrupt(tmp_path / "out", "interrupted.svs")
    (tmp_path / "out/stranger.svs").mkdir()
    (tmp_path / "out/stranger.svs/notes.txt").write_text("mine")
    inputs = [*slides.values(), tmp_path / "damaged.svs"]
    rows, _ = plan(inputs, config)
    would = {name: row["would"] for name, row in rows.items()}
    assert would == {
        "done.svs": "skip",
        "other.svs": "refuse",
        "stranger.svs": "refuse",
        "interrupted.svs": "finish",
        "new.svs": "convert",
        "damaged.svs": "fail",
    }
    report = run_conversion(inputs_of(inputs), config, job="next")
    assert {slide["slide_id"]: slide["status"] for slide in report["slides"]} == {
        "done.svs": "skipped",
        "other.svs": "failed",
        "stranger.svs": "failed",
        "interrupted.svs": "published",
        "new.svs": "published",
        "damaged.svs": "failed",
    }
    told = {(name, row["error_class"], row["problem"], row["reproduce"]) for name, row in rows.items()}
    assert {row for row in told if row[1]} == {
        (failure["slide_id"], failure["error_class"], failure["message"], failure["reproduce"])
        for failure in report["failures"]
    }


def interrupt(output: Path, slide_id: str) -> None:
    """Take a finished slide back to the moment before its series was published."""
    record = output / "_state" / f"{slide_id}.json"
    record.write_text(record.read_text().replace('"done"', '"intent"'))
    staged = output / "_staging" / "job" / slide_id / "series"
    staged.parent.mkdir(parents=True)
    shutil.move(output / slide_id, staged)


@pytest.mark.parametrize("options", [{"overwrite": True}, {"force": True}])
def test_options_that_replace_are_followed(tmp_path: Path, options: dict[str, Any]) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300)
    config = config_for(tmp_path / "out")
    other = dataclasses.replace(config, jpeg_quality=50) if "overwrite" in options else config
    convert([slide], other)
    again = dataclasses.replace(config, **options)
    assert plan([slide], again)[0]["s.svs"]["would"] == "convert"
    assert [s["status"] for s in run_conversion(inputs_of([slide]), again, job="next")["slides"]] == ["published"]


def test_worker_processes_say_the_same(tmp_path: Path) -> None:
    slides = [build_sample_slide(tmp_path / f"{n}.svs", columns=400 + 10 * n, rows=300) for n in range(3)]
    here = plan(slides, config_for(tmp_path / "here"))
    mode = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    assert plan(slides, config_for(tmp_path / "there"), *mode) == here


def test_a_codec_that_is_not_installed_is_a_problem_of_its_slides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are in the wheels, so one is switched off as a build without its library has it."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, associated=False)
    monkeypatch.setattr(imagecodecs.JPEG8, "available", False)
    config = config_for(tmp_path / "out")
    assert plan([slide], config)[0]["s.svs"]["would"] == "convert"  # its tiles pass
    row = plan([slide], dataclasses.replace(config, transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS_RPCL))[0]["s.svs"]
    assert (row["would"], row["error_class"]) == ("fail", "CodecError")
    assert "JPEG8" in row["problem"]
