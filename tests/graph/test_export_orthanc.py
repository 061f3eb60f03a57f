"""Series of the real Orthanc to TIFF, beside OrthancWSIDicomToTiff (its WSI plugin 1.1), whose options they share."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest
import tifffile
from imagecodecs import jpeg_decode, jpeg_encode

from pipeline.cli.export import export_parser
from pipeline.cli.main import main
from pipeline.model.config import MissingTiles
from pipeline.model.tiles import Pixels
from tests.graph.conversions import convert
from tests.orthanc import Orthanc
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding
from tests.tools import require_tool

RGB, YCBCR, JPEG = 2, 6, 7
"""Photometric interpretations and the compression, of TIFF 6.0 and its JPEG supplement."""
SUBSAMPLED = (2, 2)
REDUCED = 1
MISSING = {0, 5, 11, 12, 55}
TILE, ACROSS = 64, 8


class Stored(NamedTuple):
    """A series in Orthanc, and the slide that it was made of."""

    slide: Path
    files: list[Path]
    series: str


@pytest.fixture(scope="module")
def stored(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stored]]:
    """Store an RGB slide and a YCbCr one, without label and overview: the peer takes those for levels."""
    found = {}
    for name, encoding in (("rgb", TileEncoding.JPEG_RGB), ("ycbcr", TileEncoding.JPEG_YCBCR_420)):
        folder = tmp_path_factory.mktemp(name)
        slide = build_sample_slide(
            folder / f"{name}.svs", columns=1100, rows=900, tile=256, encoding=encoding, associated=False
        )
        found[name] = _stored(orthanc, slide, folder / "dicom")
    yield found
    for one in found.values():
        orthanc.delete(one.series)


def _stored(server: Orthanc, slide: Path, output: Path, **options: object) -> Stored:
    convert(slide, output, **options)
    files = sorted((output / slide.name).glob("*.dcm"))
    return Stored(slide, files, server.upload(files))


def _exported(server: Orthanc, series: str, tiff: Path, *options: str) -> Path:
    assert main(["export", series, str(tiff), "--orthanc", server.url, *options]) == 0
    return tiff


def _by_peer(server: Orthanc, series: str, tiff: Path, *options: str) -> Path:
    program = require_tool("OrthancWSIDicomToTiff", "orthanc-wsi")
    subprocess.run(
        [program, series, tiff, f"--orthanc={server.url}", *options], check=True, capture_output=True, timeout=120
    )
    return tiff


def _levels(tiff: Path) -> list[Pixels]:
    with tifffile.TiffFile(tiff) as file:
        return [page.asarray() for page in file.pages if page.is_tiled]


def _address(server: Orthanc, files: Sequence[Path]) -> str:
    header = pydicom.dcmread(files[0], stop_before_pixels=True)
    return f"{server.dicomweb}/studies/{header.StudyInstanceUID}/series/{header.SeriesInstanceUID}"


@pytest.mark.parametrize(("name", "photometric"), [("rgb", RGB), ("ycbcr", YCBCR)])
def test_o15_an_orthanc_series_becomes_a_tiff_tile_by_tile(
    orthanc: Orthanc, stored: dict[str, Stored], tmp_path: Path, name: str, photometric: int
) -> None:
    ours = _exported(orthanc, stored[name].series, tmp_path / "ours.tif")
    peers = _by_peer(orthanc, stored[name].series, tmp_path / "peers.tif")
    with tifffile.TiffFile(ours) as file:
        assert [(page.photometric, page.compression) for page in file.pages] == [(photometric, JPEG)] * 3
    source = _levels(stored[name].slide)
    assert len(source) == 3
    for level, expected, peer in zip(_levels(ours), source, _levels(peers), strict=True):
        np.testing.assert_array_equal(level, expected)
        np.testing.assert_array_equal(level, peer)


def test_o16_tiles_are_encoded_anew_on_demand(orthanc: Orthanc, stored: dict[str, Stored], tmp_path: Path) -> None:
    options = ("--reencode=1", "--jpeg-quality=80")
    ours = _exported(orthanc, stored["rgb"].series, tmp_path / "ours.tif", *options)
    # The peer writes these tags, and beneath them the RGB tiles that it was given: its pixels are no measure.
    peers = _by_peer(orthanc, stored["rgb"].series, tmp_path / "peers.tif", *options)
    for tiff in (ours, peers):
        with tifffile.TiffFile(tiff) as file:
            tags = [(page.photometric, page.tags["YCbCrSubSampling"].value) for page in file.pages]
            assert tags == [(YCBCR, SUBSAMPLED)] * 3
    for level, expected in zip(_levels(ours), _levels(stored["rgb"].slide), strict=True):
        by_libjpeg = jpeg_decode(jpeg_encode(expected, level=80, subsampling="420"))
        error, least = (np.abs(pixels.astype(int) - expected).mean() for pixels in (level, by_libjpeg))
        assert 0 < error <= 1.05 * least


def test_o17_the_tiff_has_resolution_subfile_types_and_a_profile(
    orthanc: Orthanc, stored: dict[str, Stored], tmp_path: Path
) -> None:
    tiff = _exported(orthanc, stored["rgb"].series, tmp_path / "o.tif", "--keep-icc")
    header = pydicom.dcmread(next(file for file in stored["rgb"].files if file.stem == "level-0"))
    spacing = float(header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
    with tifffile.TiffFile(tiff) as file:
        assert [page.subfiletype & REDUCED for page in file.pages] == [0, 1, 1]
        base = file.pages.first
        numerator, denominator = base.tags["XResolution"].value
        assert base.tags["ResolutionUnit"].value == 3  # centimetre
        assert 10 * denominator / numerator == pytest.approx(spacing, rel=1e-6)
        profile = bytes(header.OpticalPathSequence[0].ICCProfile)
        assert bytes(base.tags["InterColorProfile"].value).rstrip(b"\0") == profile.rstrip(b"\0")
    with tifffile.TiffFile(_by_peer(orthanc, stored["rgb"].series, tmp_path / "peers.tif")) as file:
        assert "XResolution" not in file.pages.first.tags


def test_o18_the_input_may_be_a_folder_or_a_file_or_a_dicomweb_series(
    orthanc: Orthanc, stored: dict[str, Stored], tmp_path: Path
) -> None:
    one = stored["rgb"]
    served = _exported(orthanc, one.series, tmp_path / "orthanc.tif").read_bytes()
    address = _address(orthanc, one.files)
    for number, named in enumerate((str(one.files[0].parent), str(one.files[0]), address, f"dicomweb+{address}")):
        tiff = tmp_path / f"{number}.tif"
        assert main(["export", named, str(tiff)]) == 0
        assert tiff.read_bytes() == served


def test_o18_series_are_named_in_a_folder_by_their_identifiers(
    orthanc: Orthanc, stored: dict[str, Stored], tmp_path: Path
) -> None:
    one, other = stored["rgb"], stored["ycbcr"]
    address = _address(orthanc, other.files)
    assert main(["export", one.series, address, str(tmp_path), "--orthanc", orthanc.url]) == 0
    uid = address.rpartition("/")[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{one.series}.tiff", f"{uid}.tiff"])


def test_o19_missing_tiles_have_the_colour(orthanc: Orthanc, tmp_path: Path) -> None:
    slide = build_sample_slide(
        tmp_path / "sparse.svs", columns=500, rows=400, tile=TILE, empty_tiles=MISSING, associated=False
    )
    one = _stored(orthanc, slide, tmp_path / "dicom", missing_tiles=MissingTiles.SPARSE)
    try:
        ours = _levels(_exported(orthanc, one.series, tmp_path / "ours.tif", "--color", "255,0,0"))[0]
        peers = _levels(_by_peer(orthanc, one.series, tmp_path / "peers.tif", "--color=255,0,0"))[0]
    finally:
        orthanc.delete(one.series)
    for tile in MISSING:
        top, left = tile // ACROSS * TILE, tile % ACROSS * TILE
        for pixels in (ours, peers):
            shown = pixels[top : top + TILE, left : left + TILE].reshape(-1, 3).astype(int)
            assert shown.size
            assert np.abs(shown - (255, 0, 0)).max() <= 3  # JPEG
    there = np.ones(ours.shape[:2], bool)
    for tile in MISSING:
        top, left = tile // ACROSS * TILE, tile % ACROSS * TILE
        there[top : top + TILE, left : left + TILE] = False
    np.testing.assert_array_equal(ours[there], _levels(slide)[0][there])


@pytest.mark.parametrize("series", ["deadbeef", "00000000-11111111-22222222-33333333-44444444"])
def test_o20_an_unknown_series_is_told(
    orthanc: Orthanc, tmp_path: Path, capsys: pytest.CaptureFixture[str], series: str
) -> None:
    program = require_tool("OrthancWSIDicomToTiff", "orthanc-wsi")
    peer = subprocess.run(
        [program, series, tmp_path / "o.tif", f"--orthanc={orthanc.url}"], capture_output=True, text=True, timeout=60
    )
    assert peer.returncode
    assert "Unknown resource" in peer.stderr
    assert main(["export", series, str(tmp_path / "o.tif"), "--orthanc", orthanc.url]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Unknown resource" in line
    assert list(tmp_path.iterdir()) == []


def test_a_password_opens_a_guarded_server(
    guarded_orthanc: Orthanc,
    stored: dict[str, Stored],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    series = guarded_orthanc.upload(stored["rgb"].files)
    tiff = tmp_path / "o.tif"
    arguments = ["export", series, str(tiff), "--orthanc", guarded_orthanc.url]
    assert main(arguments) == 1
    assert "denies access (401)" in capsys.readouterr().err
    user = ["--username", guarded_orthanc.username]
    assert main([*arguments, *user, "--password", "none-such"]) == 1
    assert "none-such" not in capsys.readouterr().err
    monkeypatch.setenv("SLIDEBEAM_HTTP_PASSWORD", guarded_orthanc.password)
    assert main([*arguments, *user]) == 0
    assert tiff.is_file()


def test_all_options_of_the_peer_are_known() -> None:
    program = require_tool("OrthancWSIDicomToTiff", "orthanc-wsi")
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, timeout=60).stdout
    options = set(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE))
    assert len(options) == 13
    of_all_commands = {"--version"}
    assert options - of_all_commands <= set(export_parser().option_actions())
