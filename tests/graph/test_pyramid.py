"""Levels that the slide does not have: which, of what pixels, and that what can pass still passes."""

from itertools import pairwise
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest

from pipeline.io.verification import verify_slide
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, shown
from tests.sample import build_sample_slide, draw_tissue

LOSSLESS = TransferSyntax.HTJ2K_LOSSLESS


def whole(file: Path) -> np.ndarray:
    """Return the total pixel matrix of a one-plane instance."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    across = -(-header.TotalPixelMatrixColumns // header.Columns)
    frames = shown(file)
    rows = [np.concatenate(frames[at : at + across], axis=1) for at in range(0, len(frames), across)]
    return np.concatenate(rows)[: header.TotalPixelMatrixRows, : header.TotalPixelMatrixColumns]


def halves(pixels: np.ndarray) -> np.ndarray:
    """Return the mean of squares of two by two, rounded half up, of what there is at the edges."""
    padded = np.pad(pixels.astype(np.uint32), ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), "edge")
    return ((padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2] + 2) >> 2).astype(np.uint8)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample_slide(tmp_path_factory.mktemp("pyramid") / "s.svs", columns=1111, rows=903, tile=128)


def test_a_regenerated_pyramid_is_averaged_from_the_base(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, regenerate_pyramid=True, transfer_syntax=LOSSLESS)
    levels = [whole(tmp_path / f"s.svs/level-{number}.dcm") for number in range(5)]
    assert not (tmp_path / "s.svs/level-5.dcm").exists()
    for larger, smaller in pairwise(levels):
        assert np.array_equal(smaller, halves(larger))
    header = pydicom.dcmread(tmp_path / "s.svs/level-1.dcm", stop_before_pixels=True)
    assert list(header.ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
    assert verify_slide(tmp_path / "s.svs", str(slide)).ok


def test_missing_levels_are_added_and_the_slides_own_pass(slide: Path, tmp_path: Path) -> None:
    report = convert(slide, tmp_path, add_missing_levels=True)
    by_route = report["metrics"]["frames_by_route"]
    assert by_route["passthrough"] > 9 * 8
    averaged = report["metrics"]["frames_by_reason"]["level-averaged"]["frames"]
    # All else that is encoded are the label, the overview and the thumbnail.
    assert averaged == by_route["encode"] - 3 > 0
    assert verify_slide(tmp_path / "s.svs", str(slide)).ok


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bytes_whatever_the_threads(slide: Path, tmp_path: Path, threads: int) -> None:
    for name, count in (("a", 2), ("b", threads)):
        convert(slide, tmp_path / name, add_missing_levels=True, threads=count, label=False)
    for number in range(5):
        file = f"s.svs/level-{number}.dcm"
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_levels_by_spacing_say_their_spacing(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, level_spacings_um=(0.5, 1.3), transfer_syntax=LOSSLESS, label=False)
    spacings = []
    for number in range(2):
        header = pydicom.dcmread(tmp_path / f"s.svs/level-{number}.dcm", stop_before_pixels=True)
        spacings.append(float(header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0]))
    assert spacings == pytest.approx([0.000499, 0.0013])
    assert verify_slide(tmp_path / "s.svs", str(slide)).ok


@pytest.mark.parametrize("encode", [imagecodecs.png_encode, imagecodecs.jpeg8_encode])
def test_o21_a_flat_image_gets_a_pyramid(encode: object, tmp_path: Path) -> None:
    image = tmp_path / "flat.img"
    image.write_bytes(encode(draw_tissue(700, 1300)))  # type: ignore[operator]
    convert(
        image,
        tmp_path / "out",
        add_missing_levels=True,
        transfer_syntax=LOSSLESS,
        source_pixel_spacing_mm=(0.0005, 0.0005),
    )
    levels = [whole(tmp_path / f"out/flat.img/level-{number}.dcm") for number in range(3)]
    assert [level.shape for level in levels] == [(700, 1300, 3), (350, 650, 3), (175, 325, 3)]
    assert np.array_equal(levels[1], halves(levels[0]))
