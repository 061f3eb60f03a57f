"""Every transfer syntax, of every kind of pixels: what is stored shows the source, exactly where it must."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from pipeline.io.sources import open_source
from pipeline.model.config import Certificate, CodecValidation
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, Subsampling, TransferSyntax
from tests.graph.conversions import convert, shown
from tests.io.sources.tiffs import TiffForm, draw_image, write_pyramid
from tests.sample import build_sample_slide

SPACING = (0.0005, 0.0005)
LOSSY = (
    TransferSyntax.JPEG_BASELINE,
    TransferSyntax.JPEG_XL_RECOMPRESSION,
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS,
)
OF_8_BITS = LOSSY[:2]
LOSSLESS_KIND = {
    TransferSyntax.JPEG_2000: TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.HTJ2K: TransferSyntax.HTJ2K_LOSSLESS_RPCL,
    TransferSyntax.JPEG_XL: TransferSyntax.JPEG_XL_LOSSLESS,
}
LOSSLESS = [syntax for syntax in TransferSyntax.offered() if syntax not in LOSSY]
FORMS = [TiffForm(compression="lzw", samples=samples, bits=bits) for samples in (3, 1) for bits in (8, 16)]


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small sample slide with a label, a macro and a thumbnail."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=500, rows=400, tile=128)


def assembled(file: Path) -> Pixels:
    """Put the frames of an instance together to its total pixel matrix."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    frames = shown(file)
    columns, rows = header.TotalPixelMatrixColumns, header.TotalPixelMatrixRows
    across = -(-columns // header.Columns)
    canvas = np.zeros(
        (-(-rows // header.Rows) * header.Rows, across * header.Columns, frames[0].shape[2]), frames[0].dtype
    )
    for number, frame in enumerate(frames):
        y, x = number // across * header.Rows, number % across * header.Columns
        canvas[y : y + header.Rows, x : x + header.Columns] = frame
    return canvas[:rows, :columns]


def source_pixels(path: Path) -> dict[str, Pixels]:
    """Return the pixels of every image of a slide by the name of the instance to be."""
    with open_source(str(path)) as source:
        return {
            f"level-{image.level}" if image.level is not None else image.kind.lower(): source.read_region(
                image.index, 0, 0, image.grid.columns, image.grid.rows
            )
            for image in source.describe().images
        }


def cut_tiles(image: Pixels, rows: int, columns: int) -> Iterator[Pixels]:
    """Cut an image into frames, white beyond its edges."""
    for y in range(0, image.shape[0], rows):
        for x in range(0, image.shape[1], columns):
            part = image[y : y + rows, x : x + columns]
            tile = np.full((rows, columns, image.shape[2]), 255, np.uint8)
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def beyond_the_image(file: Path) -> set[int]:
    """Return the values of samples of the last frame that lie beyond the image."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    columns = (header.TotalPixelMatrixColumns - 1) % header.Columns + 1
    rows = (header.TotalPixelMatrixRows - 1) % header.Rows + 1
    frame = shown(file)[-1]
    return {int(value) for part in (frame[rows:], frame[:, columns:]) for value in np.unique(part)}


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_lossless_syntax_keeps_every_pixel(slide: Path, tmp_path: Path, syntax: TransferSyntax) -> None:
    report = convert(
        slide,
        tmp_path,
        transfer_syntax=syntax,
        codec_validation=CodecValidation.ROUND_TRIP,
        certificate=Certificate.FULL,
    )
    (entry,) = report["slides"]
    assert entry["status"] == "published"
    expected = source_pixels(slide)
    assert len(expected) == 6
    for name, pixels in expected.items():
        file = tmp_path / "s.svs" / f"{name}.dcm"
        written = LOSSLESS_KIND.get(syntax, syntax)
        header = pydicom.dcmread(file, stop_before_pixels=True)
        assert header.file_meta.TransferSyntaxUID == written
        assert np.array_equal(assembled(file), pixels)
        # The source holds JPEG (its label is LZW): what it lost stays lost.
        assert header.LossyImageCompression == ("00" if name == "label" else "01")
    assert beyond_the_image(tmp_path / "s.svs" / "level-0.dcm") == {255}


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("syntax", TransferSyntax.offered())
def test_gray_and_deep_pixels(tmp_path: Path, form: TiffForm, syntax: TransferSyntax) -> None:
    images = [draw_image(form), draw_image(form, 50, 35)]
    path = write_pyramid(tmp_path / "p.tif", form, images)
    options: dict[str, Any] = {"transfer_syntax": syntax, "source_pixel_spacing_mm": SPACING}
    report = convert(path, tmp_path / "out", codec_validation=CodecValidation.ROUND_TRIP, **options)
    (entry,) = report["slides"]
    if syntax in OF_8_BITS and form.bits == 16:
        assert entry["status"] == "failed"
        assert f"{syntax.option} holds 8 bits a sample" in report["failures"][0]["message"]
        return
    assert entry["status"] == "published"
    for level, image in enumerate(images):
        file = tmp_path / "out/p.tif" / f"level-{level}.dcm"
        header = pydicom.dcmread(file, stop_before_pixels=True)
        assert (header.SamplesPerPixel, header.BitsAllocated, header.BitsStored) == (form.samples, form.bits, form.bits)
        if syntax in LOSSY:
            assert np.abs(assembled(file).astype(int) - image).mean() < 5
            assert header.LossyImageCompression == "01"
        else:
            assert np.array_equal(assembled(file), image)
            assert header.LossyImageCompression == "00"
        if form.samples == 1:
            assert header.PhotometricInterpretation == Photometric.MONOCHROME2


@pytest.mark.parametrize("subsampling", Subsampling)
def test_jpeg_is_near_and_its_psnr_reported(slide: Path, tmp_path: Path, subsampling: Subsampling) -> None:
    report = convert(
        slide,
        tmp_path,
        transfer_syntax=TransferSyntax.JPEG_BASELINE,
        force_transcode=True,
        jpeg_subsampling=subsampling,
        codec_validation=CodecValidation.ROUND_TRIP,
    )
    psnr = report["metrics"]["psnr_db"]
    assert 25 < psnr < 60
    least = 99.0
    for name, pixels in source_pixels(slide).items():
        file = tmp_path / "s.svs" / f"{name}.dcm"
        header = pydicom.dcmread(file, stop_before_pixels=True)
        assert header.PhotometricInterpretation == "YBR_FULL_422"
        tiles = cut_tiles(pixels, header.Rows, header.Columns)
        for tile, frame in zip(tiles, shown(file), strict=True):
            least = min(least, 10 * np.log10(255**2 / np.mean((frame.astype(float) - tile) ** 2)))
    assert psnr == pytest.approx(least, abs=0.001)
    assert report["metrics"]["validated_frames"] == report["metrics"]["total_frames"]


def test_without_validation_nothing_is_claimed(slide: Path, tmp_path: Path) -> None:
    metrics = convert(slide, tmp_path, transfer_syntax=TransferSyntax.JPEG_BASELINE, force_transcode=True)["metrics"]
    assert (metrics["psnr_db"], metrics["validated_frames"]) == (None, 0)


@pytest.mark.parametrize("size", [64, 100, 512])
def test_another_tile_size(slide: Path, tmp_path: Path, size: int) -> None:
    convert(slide, tmp_path, tile_size=size, transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, label=False)
    for name, pixels in source_pixels(slide).items():
        file = tmp_path / "s.svs" / f"{name}.dcm"
        if name == "label":
            assert not file.exists()
            continue
        header = pydicom.dcmread(file, stop_before_pixels=True)
        if name.startswith("level"):
            assert (header.Rows, header.Columns) == (size, size)
        assert np.array_equal(assembled(file), pixels)
    assert beyond_the_image(tmp_path / "s.svs" / "level-0.dcm") <= {255}


def test_levels_and_pictures_that_were_asked_for(slide: Path, tmp_path: Path) -> None:
    report = convert(slide, tmp_path, levels=(0, 2), overview=False, thumbnail=False)
    names = sorted(path.name for path in (tmp_path / "s.svs").iterdir())
    assert names == ["label.dcm", "level-0.dcm", "level-2.dcm"]
    assert report["slides"][0]["planned_instances"] == 3


def test_decomposition_levels_that_rpcl_cannot_do_with_fail_the_slide(slide: Path, tmp_path: Path) -> None:
    """PS3.5 10.18: the lowest resolution is at most 64 pixels wide or high."""
    report = convert(
        slide,
        tmp_path,
        transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS_RPCL,
        tile_size=512,
        j2k_decomposition_levels=1,
    )
    (entry,) = report["slides"]
    assert entry["status"] == "failed"
    assert {failure["error_class"] for failure in report["failures"]} == {"ConfigError"}
    assert "3" in report["failures"][0]["message"]
    assert not (tmp_path / "s.svs").exists()
