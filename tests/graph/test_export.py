"""DICOM to pyramidal TIFF: what is copied, what is said of it, and what readers make of it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
import tifffile

from pipeline.model.config import MissingTiles
from pipeline.model.reasons import Route
from pipeline.model.tiff_export import BigTiff
from pipeline.model.tiff_target import TiffFormat
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, jpeg_scan, stored_frames
from tests.graph.exports import (
    JPEG,
    by_openslide,
    by_tifffile,
    by_vips,
    difference,
    export,
    exported,
    left_over,
    source_level,
    stored_tiles,
)
from tests.sample import MICROMETRES_PER_PIXEL, build_sample_slide
from tests.sample_tiles import TileEncoding

QUALITIES = (50, 85, 89, 90, 95, 100)
LOSSLESS = TransferSyntax.HTJ2K_LOSSLESS


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide of RGB JPEG tiles."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=700, rows=500, tile=64)


@pytest.fixture(scope="module")
def dicom(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the slide as DICOM whose tiles passed."""
    output = tmp_path_factory.mktemp("dicom")
    convert(slide, output)
    return output / "s.svs"


@pytest.fixture(scope="module")
def lossless(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the slide as DICOM of HTJ2K, which TIFF has no name for."""
    output = tmp_path_factory.mktemp("lossless")
    convert(slide, output, transfer_syntax=LOSSLESS)
    return output / "s.svs"


def pages(path: str | Path) -> list[tifffile.TiffPage]:
    """Return the directories of a file."""
    with tifffile.TiffFile(path) as tiff:
        return [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]


def test_o15_one_directory_a_level_and_pixels_bit_exact(slide: Path, dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path)
    levels = [page for page in pages(tiff.tiff) if page.is_tiled]
    assert [page.shape[:2] for page in levels] == [(500, 700), (125, 175), (31, 43)]
    assert {(page.compression, page.photometric) for page in levels} == {(JPEG, tifffile.PHOTOMETRIC.RGB)}
    assert tiff.frames == {Route.PASSTHROUGH: sum(tiff.frames.values())}
    for level in range(3):
        assert np.array_equal(by_tifffile(tiff.tiff, level), source_level(slide, level))


def test_o15_ycbcr_dicom_is_tagged_ycbcr(tmp_path: Path) -> None:
    source = build_sample_slide(
        tmp_path / "y.svs", columns=300, rows=200, tile=64, encoding=TileEncoding.JPEG_YCBCR_420
    )
    convert(source, tmp_path / "dicom")
    tiff = exported(tmp_path / "dicom/y.svs", tmp_path / "out")
    base = pages(tiff.tiff)[0]
    assert base.photometric == tifffile.PHOTOMETRIC.YCBCR
    assert base.tags["YCbCrSubSampling"].value == (2, 2)
    assert np.array_equal(by_tifffile(tiff.tiff), source_level(source))
    assert difference(by_openslide(tiff.tiff), source_level(source)) <= 1
    assert difference(by_vips(tiff.tiff), source_level(source)) <= 1


def test_o16_reencoded_jpeg_is_ycbcr_with_halved_chroma(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, reencode=True, quality=80)
    base = pages(tiff.tiff)[0]
    assert base.photometric == tifffile.PHOTOMETRIC.YCBCR
    assert base.tags["YCbCrSubSampling"].value == (2, 2)
    assert set(tiff.frames) == {Route.ENCODE}


def test_o17_resolution_reduced_levels_and_icc(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, keep_icc=True)
    found = pages(tiff.tiff)
    assert [page.subfiletype & 1 for page in found] == [0] + [1] * (len(found) - 1)
    for page in found[:3]:
        assert page.tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
        assert {"XResolution", "YResolution"} <= {tag.name for tag in page.tags}
    assert "InterColorProfile" in found[0].tags
    assert Path(tiff.tiff).read_bytes()[:4] == b"II*\0"


def test_o18_works_on_a_folder_a_file_and_a_source_slide(slide: Path, dicom: Path, tmp_path: Path) -> None:
    from_folder = Path(exported(dicom, tmp_path / "a").tiff).read_bytes()
    from_file = Path(exported(dicom / "level-1.dcm", tmp_path / "b").tiff).read_bytes()
    assert from_file == from_folder
    assert np.array_equal(by_tifffile(exported(slide, tmp_path / "c").tiff), by_tifffile(tmp_path / "a/s.svs.tiff"))


@pytest.mark.parametrize("missing", list(MissingTiles))
@pytest.mark.parametrize("colour", [(255, 255, 255), (200, 40, 90)])
def test_o19_missing_tiles_have_the_colour(tmp_path: Path, missing: MissingTiles, colour: tuple[int, int, int]) -> None:
    """JPEG keeps white as it is, and another colour to the rounding of its components."""
    gaps = {0, 5, 11}
    source = build_sample_slide(tmp_path / "m.svs", columns=500, rows=400, tile=64, empty_tiles=gaps)
    convert(source, tmp_path / "dicom", missing_tiles=missing)
    if missing is MissingTiles.FILL:
        tiff = exported(source, tmp_path / "out", colour=colour)
    else:
        tiff = exported(tmp_path / "dicom/m.svs", tmp_path / "out", colour=colour)
    assert tiff.frames[Route.BACKGROUND] == len(gaps)
    tolerance = 0 if colour == (255, 255, 255) else 2
    for shown in (by_openslide(tiff.tiff), by_tifffile(tiff.tiff), by_vips(tiff.tiff)):
        assert np.abs(shown[:64, :64].astype(int) - colour).max() <= tolerance


def test_bc_c1_tiled_pyramidal_bigtiff_without_icc(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, big_tiff=BigTiff.ALWAYS)
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.is_bigtiff
        assert len(file.series[0].levels) == tiff.levels == 3
    found = pages(tiff.tiff)
    assert [page.subfiletype for page in found] == [0] + [1] * (len(found) - 1)
    assert all(page.compression == JPEG and page.samplesperpixel == 3 for page in found)
    assert all("InterColorProfile" not in page.tags and "ExtraSamples" not in page.tags for page in found)
    assert [page.is_tiled for page in found] == [True] * 3 + [False] * (len(found) - 3)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert shown.level_dimensions == ((700, 500), (175, 125), (43, 31))


@pytest.mark.parametrize("quality", QUALITIES)
def test_bc_c2_bc_c3_three_readers_see_the_pixels(lossless: Path, tmp_path: Path, quality: int) -> None:
    tiff = exported(lossless, tmp_path, quality=quality)
    expected = source_level(lossless)
    allowed = 3 if quality >= 85 else 6
    for shown in (by_openslide(tiff.tiff), by_vips(tiff.tiff), by_tifffile(tiff.tiff)):
        assert difference(shown, expected) <= allowed
    base = pages(tiff.tiff)[0]
    assert base.photometric == tifffile.PHOTOMETRIC.YCBCR


def test_bc_c5_micrometres_per_pixel_are_the_source_s(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path)
    with openslide.OpenSlide(tiff.tiff) as shown:
        for axis in "xy":
            value = float(shown.properties[f"openslide.mpp-{axis}"])
            assert value == pytest.approx(MICROMETRES_PER_PIXEL, rel=1e-6)


def test_bc_c6_the_icc_profile_is_the_one_of_the_dicom(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, keep_icc=True)
    profile = pydicom.dcmread(dicom / "level-0.dcm").OpticalPathSequence[0].ICCProfile
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.pages.first.tags["InterColorProfile"].value == profile


def test_bc_c7_tiles_are_the_frames_but_for_shared_tables(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path)
    frames, tiles = stored_frames(dicom / "level-0.dcm"), stored_tiles(tiff.tiff)
    assert [jpeg_scan(tile) for tile in tiles] == [jpeg_scan(frame) for frame in frames]
    tables = pages(tiff.tiff)[0].tags["JPEGTables"].value[2:-2]
    assert all(
        tables in frame and frame.replace(tables, b"") == tile for frame, tile in zip(frames, tiles, strict=True)
    )


def test_bc_c8_better_quality_takes_more_bytes(lossless: Path, tmp_path: Path) -> None:
    sizes = [exported(lossless, tmp_path / str(quality), quality=quality).bytes for quality in (85, 90, 95)]
    assert sizes == sorted(set(sizes))
    assert exported(lossless, tmp_path / "default").bytes == sizes[0]


@pytest.mark.parametrize("encoding", [TileEncoding.JPEG_RGB, TileEncoding.JPEG_YCBCR_420])
@pytest.mark.parametrize("form", [TiffFormat.TIFF, TiffFormat.SVS])
def test_round_trip_keeps_entropy_coded_bytes(tmp_path: Path, encoding: TileEncoding, form: TiffFormat) -> None:
    """SVS, DICOM, TIFF, DICOM; the frames of the second DICOM are those of the first, head and all."""
    associated = form is TiffFormat.SVS
    source = build_sample_slide(
        tmp_path / "r.svs", columns=500, rows=300, tile=64, encoding=encoding, associated=associated
    )
    convert(source, tmp_path / "one")
    tiff = exported(tmp_path / "one/r.svs", tmp_path / "tiff", format=form)
    convert(Path(tiff.tiff), tmp_path / "two")
    first, last = tmp_path / "one/r.svs", tmp_path / "two/r.svs.tiff"
    for file in first.glob("level-*.dcm"):
        assert stored_frames(last / file.name) == stored_frames(file)
    assert [jpeg_scan(frame) for frame in stored_frames(last / "level-0.dcm")] == [
        jpeg_scan(tile) for tile in stored_tiles(source)
    ]
    assert {file.name for file in last.iterdir()} == {file.name for file in first.iterdir()}


def test_bc20_workers_in_processes_write_the_same_bytes(dicom: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"tile_size": 128, "quality": 77}
    exported(dicom, tmp_path / "one", **options)
    report = export(
        dicom, tmp_path / "two", "--direct_running_mode=multi_processing", "--direct_num_workers=2", **options
    )
    assert not report.failed
    assert (tmp_path / "two/s.svs.tiff").read_bytes() == (tmp_path / "one/s.svs.tiff").read_bytes()


def test_a_bad_slide_fails_alone(dicom: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.svs"
    bad.write_bytes(b"II*\0 and nothing else")
    report = export([bad, dicom], tmp_path / "out")
    assert [Path(tiff.tiff).name for tiff in report.written] == ["s.svs.tiff"]
    (failed,) = report.failed
    assert failed.failure is not None
    assert failed.failure.error_class == "SourceError"
    assert failed.failure.reproduce.startswith("slidebeam export")
    assert os.listdir(tmp_path / "out") == ["s.svs.tiff"]


def test_what_stands_there_is_refused_and_replaced_on_demand(dicom: Path, tmp_path: Path) -> None:
    place = tmp_path / "s.svs.tiff"
    place.write_bytes(b"somebody's")
    (refused,) = export(dicom, tmp_path).tiffs
    assert refused.failure is not None
    assert refused.failure.error_class == "OutputExists"
    assert place.read_bytes() == b"somebody's"
    assert left_over(tmp_path) == []
    exported(dicom, tmp_path, overwrite=True)
    assert len(by_tifffile(place)) == 500


def test_a_slide_is_never_replaced_by_its_own_tiff(slide: Path, tmp_path: Path) -> None:
    place = tmp_path / "s.svs.tiff"
    place.write_bytes(slide.read_bytes())
    (tmp_path / "link").mkdir()
    os.link(place, tmp_path / "link/s.svs")
    (refused,) = export(tmp_path / "link/s.svs", tmp_path, overwrite=True).tiffs
    assert refused.failure is not None
    assert "is the slide itself" in refused.failure.message
    assert place.read_bytes() == slide.read_bytes()


def test_staging_is_where_it_is_asked_for_and_gone_at_the_end(dicom: Path, tmp_path: Path) -> None:
    exported(dicom, tmp_path / "out", staging=str(tmp_path / "work/.processing"))
    assert os.listdir(tmp_path / "out") == ["s.svs.tiff"]
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []
