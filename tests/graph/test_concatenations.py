"""Instances that are larger than asked for become several files (PS3.3 C.7.6.16.2.2.4)."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from pipeline.io.validation import Severity, validate_files
from pipeline.io.verification import verify_slide
from pipeline.model.config import Certificate, MissingTiles, OpticalPaths
from pipeline.model.offset_table import OffsetTable
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert, published, staging_left, statuses, stored_frames
from tests.sample import build_sample_slide

NATIVE = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
LIMIT = 100_000
ASSOCIATED = {"label": False, "overview": False, "thumbnail": False}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of JPEG tiles, some of which are missing."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=500, rows=400, tile=64, empty_tiles={0, 5, 11, 12, 55})


def parts(series: Path, name: str = "level-0") -> list[Path]:
    """Return the files of an instance, in order."""
    number = len(list(series.glob(f"{name}-part-*.dcm")))
    return [series / f"{name}-part-{part}.dcm" for part in range(1, number + 1)]


def header(file: Path) -> Dataset:
    """Read a file without its pixels."""
    return pydicom.dcmread(file, stop_before_pixels=True)


KINDS: dict[str, dict[str, Any]] = {
    "passing": {},
    "native": {"transfer_syntax": NATIVE},
    "encoded": {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS, "run_frames": 7},
    "extended": {"offset_table": OffsetTable.EXTENDED},
    "empty": {"offset_table": OffsetTable.EMPTY},
    "sparse": {"missing_tiles": MissingTiles.SPARSE},
    "sparse native": {"missing_tiles": MissingTiles.SPARSE, "transfer_syntax": NATIVE, "tile_size": None},
}


@pytest.mark.parametrize("kind", KINDS)
def test_parts_hold_the_frames_of_the_whole(slide: Path, tmp_path: Path, kind: str) -> None:
    """In order, cut wherever a file is full: in the middle of runs, too."""
    options = KINDS[kind] | ASSOCIATED
    convert(slide, tmp_path / "whole", **options)
    report = convert(slide, tmp_path / "parts", max_instance_bytes=LIMIT, certificate=Certificate.FULL, **options)
    assert statuses(report) == {"s.svs": "published"}
    series = tmp_path / "parts/s.svs"
    files = parts(series)
    assert len(files) > 1
    assert not (series / "level-0.dcm").exists()
    assert max(file.stat().st_size for file in series.iterdir()) <= LIMIT
    whole = tmp_path / "whole/s.svs/level-0.dcm"
    assert [frame for file in files for frame in stored_frames(file)] == stored_frames(whole)
    verified = verify_slide(series, str(slide))
    assert verified.ok, verified.problems
    found = validate_files(sorted(series.iterdir()), series, name=kind).findings
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_what_a_part_says_of_itself(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "whole", **ASSOCIATED)
    convert(slide, tmp_path / "parts", max_instance_bytes=LIMIT, **ASSOCIATED)
    series = tmp_path / "parts/s.svs"
    headers = [header(file) for file in parts(series)]
    assert [dataset.InConcatenationNumber for dataset in headers] == list(range(1, len(headers) + 1))
    assert {dataset.InConcatenationTotalNumber for dataset in headers} == {len(headers)}
    assert len({dataset.ConcatenationUID for dataset in headers}) == 1
    assert len({dataset.SOPInstanceUID for dataset in headers}) == len(headers)
    assert len({dataset.InstanceNumber for dataset in headers}) == 1
    for before, after in pairwise(headers):
        assert after.ConcatenationFrameOffsetNumber == before.ConcatenationFrameOffsetNumber + before.NumberOfFrames
    assert headers[0].ConcatenationFrameOffsetNumber == 0
    for dataset, file in zip(headers, parts(series), strict=True):
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.SOPInstanceUIDOfConcatenationSource not in {one.SOPInstanceUID for one in headers}
        assert dataset.NumberOfFrames == len(stored_frames(file))
    # What is small enough is one file, and says nothing of parts.
    small = header(series / "level-2.dcm")
    assert not {element.keyword for element in small if "Concatenation" in element.keyword}


@pytest.mark.parametrize("options", [{}, {"transfer_syntax": NATIVE}, {"missing_tiles": MissingTiles.SPARSE}])
def test_what_just_fits_is_one_file(slide: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    convert(slide, tmp_path / "whole", levels=(0,), **options, **ASSOCIATED)
    whole = (tmp_path / "whole/s.svs/level-0.dcm").stat().st_size
    for limit, files in ((whole, 1), (whole - 1, 2)):
        output = tmp_path / str(limit)
        convert(slide, output, levels=(0,), max_instance_bytes=limit, **options, **ASSOCIATED)
        assert len(list((output / "s.svs").iterdir())) == files
        assert max(file.stat().st_size for file in (output / "s.svs").iterdir()) <= limit
    one = header(tmp_path / str(whole) / "s.svs/level-0.dcm")
    assert "ConcatenationUID" not in one
    assert stored_frames(tmp_path / str(whole) / "s.svs/level-0.dcm") == stored_frames(
        tmp_path / "whole/s.svs/level-0.dcm"
    )


def test_a_frame_that_is_larger_than_a_file_may_be(slide: Path, tmp_path: Path) -> None:
    report = convert(slide, tmp_path, max_instance_bytes=LIMIT, transfer_syntax=NATIVE, tile_size=256)
    assert statuses(report) == {"s.svs": "failed"}
    failure = next(one for one in report["failures"] if one["instance"] == "level-0")
    assert failure["error_class"] == "ConfigError"
    assert "--max-instance-mb: frame 0 of level-0 takes 196608 bytes" in failure["message"]
    assert published(tmp_path) == {}
    assert staging_left(tmp_path) == []


def test_the_report_names_all_files(slide: Path, tmp_path: Path) -> None:
    report = convert(slide, tmp_path, max_instance_bytes=LIMIT, **ASSOCIATED)
    entry = next(one for one in report["instances"] if one["name"] == "level-0")
    assert [Path(file) for file in entry["files"]] == parts(tmp_path / "s.svs")
    assert entry["path"] == entry["files"][0]
    assert entry["bytes"] == sum(Path(file).stat().st_size for file in entry["files"])
    assert entry["frame_count"] == sum(header(Path(file)).NumberOfFrames for file in entry["files"])
    (slide_entry,) = report["slides"]
    assert slide_entry["bytes_written"] == sum(file.stat().st_size for file in (tmp_path / "s.svs").iterdir())
    assert slide_entry["instances"] == slide_entry["planned_instances"] == 3


def test_a_rerun_knows_its_parts(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, max_instance_bytes=LIMIT, **ASSOCIATED)
    before = published(tmp_path)
    assert statuses(convert(slide, tmp_path, max_instance_bytes=LIMIT, **ASSOCIATED)) == {"s.svs": "skipped"}
    parts(tmp_path / "s.svs")[1].unlink()
    assert statuses(convert(slide, tmp_path, max_instance_bytes=LIMIT, **ASSOCIATED)) == {"s.svs": "published"}
    assert published(tmp_path) == before


@pytest.mark.parametrize("make", [stacks.fluorescence, stacks.uneven])
@pytest.mark.parametrize("arrangement", list(OpticalPaths))
def test_parts_of_several_planes(make: Any, arrangement: OpticalPaths, tmp_path: Path) -> None:
    """A part may begin in the middle of a plane; where places are listed it may hold the upper focal planes only."""
    slide = make(tmp_path)
    options = {"transfer_syntax": NATIVE, "tile_size": 16, "optical_paths": arrangement, "levels": (0,)}
    convert(slide, tmp_path / "whole", **options)
    convert(slide, tmp_path / "parts", max_instance_bytes=LIMIT, **options)
    for file in sorted((tmp_path / "whole" / slide.name).iterdir()):
        of_it = parts(tmp_path / "parts" / slide.name, file.stem) or [tmp_path / "parts" / slide.name / file.name]
        assert [frame for part in of_it for frame in stored_frames(part)] == stored_frames(file)
    report = verify_slide(tmp_path / "parts" / slide.name, str(slide))
    assert report.ok, report.problems
