"""TILED_SPARSE: tiles that the slide does not hold have no frame, on demand."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom import Dataset

from pipeline.io.sources import open_source
from pipeline.io.validation import Severity, validate_files
from pipeline.io.verification import verify_slide
from pipeline.model.config import MissingTiles
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert, published, shown, stored_frames
from tests.sample import build_sample_slide

MISSING = {0, 5, 11, 12, 55}
TILE, ACROSS, TILES = 64, 8, 56
LOSSLESS = TransferSyntax.HTJ2K_LOSSLESS
SPARSE = {"missing_tiles": MissingTiles.SPARSE}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide whose base level lacks its first tile, its last, and some between."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=500, rows=400, tile=TILE, empty_tiles=MISSING)


def header(file: Path) -> Dataset:
    """Read a file without its pixels."""
    return pydicom.dcmread(file, stop_before_pixels=True)


def tile_numbers(dataset: Dataset) -> list[int]:
    """Return which tile each frame shows, by its position."""
    numbers = []
    for group in dataset.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSlideSequence[0]
        across, down = place.ColumnPositionInTotalImagePixelMatrix - 1, place.RowPositionInTotalImagePixelMatrix - 1
        assert across % TILE == down % TILE == 0
        numbers.append(down // TILE * ACROSS + across // TILE)
    return numbers


@pytest.mark.parametrize("options", [{}, {"run_frames": 3}, {"transfer_syntax": LOSSLESS}])
def test_frames_are_those_of_the_tiles_that_there_are(slide: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    convert(slide, tmp_path / "filled", **options)
    report = convert(slide, tmp_path / "sparse", **SPARSE, **options)
    file = tmp_path / "sparse/s.svs/level-0.dcm"
    dataset = header(file)
    assert dataset.DimensionOrganizationType == "TILED_SPARSE"
    assert tile_numbers(dataset) == [tile for tile in range(TILES) if tile not in MISSING]
    filled = stored_frames(tmp_path / "filled/s.svs/level-0.dcm")
    assert stored_frames(file) == [frame for tile, frame in enumerate(filled) if tile not in MISSING]
    assert report["metrics"]["frames_by_route"]["background"] == 0
    verified = verify_slide(file.parent, str(slide))
    assert verified.ok, verified.problems
    found = validate_files(sorted(file.parent.iterdir()), file.parent, name="sparse").findings
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_images_that_lack_nothing_are_full(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, **SPARSE)
    for name in ("level-1", "level-2", "label", "overview", "thumbnail"):
        assert header(tmp_path / f"s.svs/{name}.dcm").DimensionOrganizationType == "TILED_FULL"


def test_frames_of_another_size_than_the_tiles_are_full(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, tile_size=100, **SPARSE)
    assert header(tmp_path / "s.svs/level-0.dcm").DimensionOrganizationType == "TILED_FULL"
    assert verify_slide(tmp_path / "s.svs", str(slide)).ok


@pytest.mark.parametrize("syntax", [None, LOSSLESS])
def test_levels_are_averaged_from_sparse_ones(slide: Path, tmp_path: Path, syntax: TransferSyntax | None) -> None:
    """What is missing is background there, whether it has frames in the base or not."""
    for name, options in (("sparse", SPARSE), ("filled", {})):
        convert(slide, tmp_path / name, add_missing_levels=True, transfer_syntax=syntax, **options)
    sparse, filled = (tmp_path / name / "s.svs" for name in ("sparse", "filled"))
    assert tile_numbers(header(sparse / "level-0.dcm")) == [tile for tile in range(TILES) if tile not in MISSING]
    averaged = [file.name for file in sparse.glob("level-*") if header(file).ImageType[3] == "RESAMPLED"]
    assert len(averaged) == 4
    for name in averaged:
        assert stored_frames(sparse / name) == stored_frames(filled / name)
    verified = verify_slide(sparse, str(slide))
    assert verified.ok, verified.problems


def test_other_runs_make_the_same_bytes(slide: Path, tmp_path: Path) -> None:
    for name, options in (("a", {}), ("b", {"run_frames": 2, "run_bytes": 1 << 16, "threads": 3})):
        convert(slide, tmp_path / name, add_missing_levels=True, **SPARSE, **options)
    assert published(tmp_path / "a") == published(tmp_path / "b")


def without_tiles(path: Path, gone: dict[int, list[int]]) -> Path:
    """Take tiles out of the base level of planes, by their lengths in the index."""
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for plane, tiles in gone.items():
            tag = tiff.pages[plane].tags["TileByteCounts"]
            lengths = list(tag.value)
            for tile in tiles:
                lengths[tile] = 0
            tag.overwrite(lengths)
            offsets = tiff.pages[plane].tags["TileOffsets"]
            offsets.overwrite([at if length else 0 for at, length in zip(offsets.value, lengths, strict=True)])
    return path


@pytest.mark.parametrize("syntax", [None, LOSSLESS])
def test_each_plane_lacks_its_own_tiles(tmp_path: Path, syntax: TransferSyntax | None) -> None:
    """Of one focal plane there is a single tile."""
    kept = [[0, 2, 3, 5, 6, 7, 8], [3], [*range(8)]]
    gone = {plane: [tile for tile in range(9) if tile not in tiles] for plane, tiles in enumerate(kept)}
    slide = without_tiles(stacks.jpeg_stack(tmp_path), gone)
    with open_source(str(slide)) as source:
        stored = [source.stored_tiles(0, plane) for plane in range(3)]
    assert [np.flatnonzero(plane).tolist() for plane in stored] == kept
    report = convert(slide, tmp_path / "out", levels=(0,), transfer_syntax=syntax, **SPARSE)
    file = tmp_path / "out" / slide.name / "level-0.dcm"
    dataset = header(file)
    groups = dataset.PerFrameFunctionalGroupsSequence
    indexes = np.array([group.FrameContentSequence[0].DimensionIndexValues for group in groups])
    assert report["instances"][0]["frame_count"] == 16
    assert indexes[:, 0].tolist() == [1] * 7 + [2] + [3] * 8
    assert (3 * (indexes[:, 1] - 1) + indexes[:, 2] - 1).tolist() == [tile for tiles in kept for tile in tiles]
    assert len(shown(file)) == 16
    verified = verify_slide(file.parent, str(slide))
    assert verified.ok, verified.problems
