"""Averaged levels of what is not flat, not whole, or not tiled; and slides that fail while they are averaged."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest

from pipeline.io.verification import verify_slide
from pipeline.model.config import OpticalPaths
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.graph.test_determinism import convert_elsewhere
from tests.graph.test_planes import planes_of
from tests.io.sources.ome_tiffs import gray_planes
from tests.io.sources.openslide_slides import write_sakura
from tests.io.sources.tiffs import rewrite_svs, stored_tiles
from tests.sample import build_sample_slide, draw_tissue

LOSSLESS = TransferSyntax.HTJ2K_LOSSLESS
SMALL = {"tile_size": 16}
LEVELS = 4
"""Of 110 x 74 pixels, halved until a frame of 16 holds all."""


def halves(plane: np.ndarray) -> np.ndarray:
    """Return the mean of squares of two by two, rounded half up, of what there is at the edges."""
    wide = np.pad(plane.astype(np.uint32), [(0, edge % 2) for edge in plane.shape], "edge")
    return (wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2] + 2) >> 2


def halved(plane: np.ndarray, level: int) -> np.ndarray:
    """Halve a plane several times."""
    for _ in range(level):
        plane = halves(plane)
    return plane


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three channels of three focal planes."""
    return stacks.fluorescence(tmp_path_factory.mktemp("slide"), focal_planes=3)


def test_every_plane_is_averaged_by_itself(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, regenerate_pyramid=True, **SMALL)
    series = tmp_path / slide.name
    assert sorted(path.stem for path in series.iterdir()) == [f"level-{level}" for level in range(LEVELS)]
    drawn = gray_planes(9, "uint16")
    for level in range(LEVELS):
        found = planes_of(series / f"level-{level}.dcm")
        for plane, base in zip(found, drawn, strict=True):
            assert np.array_equal(plane, halved(base, level))
    header = pydicom.dcmread(series / "level-2.dcm", stop_before_pixels=True)
    assert (header.NumberOfOpticalPaths, header.TotalPixelMatrixFocalPlanes) == (3, 3)
    assert "average" in header.DerivationDescription
    report = verify_slide(series, str(slide))
    assert report.ok, report.problems


def test_separate_paths_are_averaged_into_instances_of_their_own(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, regenerate_pyramid=True, optical_paths=OpticalPaths.SEPARATE, **SMALL)
    series = tmp_path / slide.name
    drawn = gray_planes(9, "uint16")
    for level in range(LEVELS):
        for path in range(3):
            found = planes_of(series / f"level-{level}-path-{path}.dcm")
            for plane, base in zip(found, drawn[3 * path :][:3], strict=True):
                assert np.array_equal(plane, halved(base, level))
    report = verify_slide(series, str(slide))
    assert report.ok, report.problems
    assert len(report.instances) == 3 * LEVELS


@pytest.mark.parametrize("make", [stacks.uneven, stacks.signed, stacks.jpeg_stack])
@pytest.mark.parametrize("options", [{"add_missing_levels": True}, {"level_spacings_um": (0.5, 1.7)}])
def test_other_slides_get_their_levels(make: Any, options: dict[str, Any], tmp_path: Path) -> None:
    slide = make(tmp_path)
    report = convert(slide, tmp_path / "out", **SMALL, **options)
    assert statuses(report) == {slide.name: "published"}
    assert report["metrics"]["frames_by_reason"]["level-averaged"]["frames"] > 0
    verified = verify_slide(tmp_path / "out" / slide.name, str(slide))
    assert verified.ok, verified.problems


@pytest.mark.parametrize("options", [{}, {"optical_paths": OpticalPaths.SEPARATE}, {"max_instance_bytes": 100_000}])
def test_threads_and_runs_do_not_show(slide: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    for name, way in (("a", {"threads": 1}), ("b", {"threads": 3, "run_frames": 2})):
        convert(slide, tmp_path / name, add_missing_levels=True, **SMALL, **options, **way)
    assert published(tmp_path / "a") == published(tmp_path / "b")


@pytest.mark.slow
def test_worker_processes_do_not_show(tmp_path: Path) -> None:
    """Planes, scenes and averaged levels, in two processes and in one."""
    for make in (stacks.uneven, lambda folder: stacks.two_scenes(folder / "s.ome.tif")):
        slide = make(tmp_path)
        output = tmp_path / slide.stem
        convert(slide, output / "here", add_missing_levels=True, **SMALL)
        beam = ("--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")
        convert_elsewhere(slide, output / "there", *beam, threads=1, add_missing_levels=True, **SMALL)
        assert published(output / "there") == published(output / "here")
        assert staging_left(output / "there") == []


def test_a_source_without_tiles_is_read_in_strips(tmp_path: Path) -> None:
    """Taller than a strip, and no multiple of one."""
    image = tmp_path / "flat.png"
    drawn = draw_tissue(601, 333)
    image.write_bytes(imagecodecs.png_encode(drawn))
    convert(
        image,
        tmp_path / "out",
        regenerate_pyramid=True,
        tile_size=128,
        transfer_syntax=LOSSLESS,
        source_pixel_spacing_mm=(0.0005, 0.0005),
    )
    series = tmp_path / "out/flat.png"
    planes = [planes_of(file)[0] for file in sorted(series.glob("level-*.dcm"))]
    assert np.array_equal(planes[0], drawn[..., 0])
    for larger, smaller in pairwise(planes):
        assert np.array_equal(smaller, halves(larger))
    assert len(planes) == 4
    assert verify_slide(series, str(image)).ok


@pytest.mark.parametrize("options", [{}, {"transfer_syntax": LOSSLESS}])
def test_a_tile_that_cannot_be_decoded_fails_its_slide_alone(tmp_path: Path, options: dict[str, Any]) -> None:
    """Its neighbour is sound; nothing of either's making is left."""
    sound = build_sample_slide(tmp_path / "sound.svs", columns=400, rows=300, tile=64, associated=False)
    tile = stored_tiles(sound)[17]
    bad = rewrite_svs(tmp_path / "bad.svs", sound, {17: tile[: len(tile) // 2].rstrip(b"\xff")})
    report = convert([bad, sound], tmp_path / "out", regenerate_pyramid=True, **options)
    assert statuses(report) == {"bad.svs": "failed", "sound.svs": "published"}
    failure = next(one for one in report["failures"] if one["stage"] == "AverageLevels")
    assert (failure["error_class"], failure["slide_id"]) == ("TileError", "bad.svs")
    assert str(bad) in failure["message"]
    assert {Path(name).parts[0] for name in published(tmp_path / "out")} == {"sound.svs"}
    assert staging_left(tmp_path / "out") == []


def test_a_source_of_pixels_only_is_averaged(tmp_path: Path) -> None:
    """A slide that OpenSlide reads: it gives regions, and tells neither of its tiles nor of how they are stored."""
    slide = write_sakura(tmp_path / "s.svslide", missing={1})
    convert(slide, tmp_path / "out", regenerate_pyramid=True, tile_size=128, transfer_syntax=LOSSLESS)
    series = tmp_path / "out" / slide.name
    planes = [planes_of(series / f"level-{level}.dcm")[0] for level in range(4)]
    assert planes[0].shape == (512, 768)
    for larger, smaller in pairwise(planes):
        assert np.array_equal(smaller, halves(larger))
    report = verify_slide(series, str(slide))
    assert report.ok, report.problems
