"""What TIFF can hold of slides of other kinds: formats, planes, depths, tile sizes, concatenations."""

from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile

from pipeline.model.reasons import Route
from pipeline.model.tiff_export import TiffExportConfig
from pipeline.model.tiff_target import TiffFormat
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert, jpeg_scan, stored_frames
from tests.graph.exports import (
    DEFLATE,
    by_openslide,
    by_tifffile,
    by_vips,
    difference,
    export,
    exported,
    source_level,
    stored_tiles,
)
from tests.sample import MICROMETRES_PER_PIXEL, build_sample_slide
from tests.sample_tiles import TileEncoding

J2K = TransferSyntax.JPEG_2000_LOSSLESS


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of JPEG tiles as DICOM, with label, overview and thumbnail."""
    folder = tmp_path_factory.mktemp("dicom")
    convert(build_sample_slide(folder / "s.svs", columns=700, rows=500, tile=64), folder / "out")
    return folder / "out/s.svs"


def test_svs_is_aperio_s_to_openslide_and_tifffile(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, format=TiffFormat.SVS)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert shown.properties["openslide.vendor"] == "aperio"
        assert shown.level_count == 3
        assert set(shown.associated_images) == {"label", "macro", "thumbnail"}
        assert shown.properties["openslide.objective-power"] == "20"
        assert float(shown.properties["openslide.mpp-x"]) == pytest.approx(MICROMETRES_PER_PIXEL, rel=1e-6)
    with tifffile.TiffFile(tiff.tiff) as file:
        assert [series.name for series in file.series] == ["Baseline", "Thumbnail", "Label", "Macro"]
        assert len(file.series[0].levels) == 3
    assert np.array_equal(by_openslide(tiff.tiff), source_level(dicom))


def test_svs_without_a_thumbnail_gets_one(tmp_path: Path) -> None:
    source = build_sample_slide(tmp_path / "s.svs", columns=700, rows=500, tile=64, associated=False)
    tiff = exported(source, tmp_path / "out", format=TiffFormat.SVS)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert shown.level_count == 3
        thumbnail = shown.associated_images["thumbnail"].convert("RGB")
    expected = source_level(source).mean(axis=(0, 1))
    assert np.abs(np.asarray(thumbnail).mean(axis=(0, 1)) - expected).max() < 3


@pytest.mark.parametrize("encoding", [TileEncoding.J2K_33005_MCT, TileEncoding.J2K_33003, TileEncoding.J2K_33005])
def test_svs_keeps_jpeg_2000_levels(tmp_path: Path, encoding: TileEncoding) -> None:
    source = build_sample_slide(tmp_path / "j.svs", columns=300, rows=200, tile=64, encoding=encoding)
    tiff = exported(source, tmp_path / "out", format=TiffFormat.SVS)
    # YCbCr without subsampling and transform has no name in DICOM's terms: it is encoded as JPEG.
    assert difference(by_openslide(tiff.tiff), source_level(source)) <= (3 if encoding is TileEncoding.J2K_33003 else 1)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert shown.associated_images["label"].size == (400, 480)
        assert shown.associated_images["thumbnail"].size[0] > 0
    if encoding is TileEncoding.J2K_33005_MCT:
        assert stored_tiles(tiff.tiff) == stored_tiles(source)


def test_plain_tiff_has_jpeg_where_the_slide_has_jpeg_2000(tmp_path: Path) -> None:
    source = build_sample_slide(tmp_path / "j.svs", columns=300, rows=200, tile=64, encoding=TileEncoding.J2K_33005_MCT)
    tiff = exported(source, tmp_path / "out")
    assert set(tiff.frames) == {Route.ENCODE}
    for shown in (by_openslide(tiff.tiff), by_vips(tiff.tiff), by_tifffile(tiff.tiff)):
        assert difference(shown, source_level(source)) <= 3


def test_ome_tiff_is_a_pyramid_with_sizes_in_micrometres(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, format=TiffFormat.OME_TIFF)
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.is_ome
        assert [series.name for series in file.series] == ["slide", "macro image", "label image"]
        assert [level.shape for level in file.series[0].levels] == [(500, 700, 3), (125, 175, 3), (31, 43, 3)]
        assert f'PhysicalSizeX="{MICROMETRES_PER_PIXEL:g}"' in (file.ome_metadata or "")
    assert np.array_equal(by_tifffile(tiff.tiff), source_level(dicom))
    again = convert(Path(tiff.tiff), tmp_path / "again")
    assert not again["failures"]
    frames = [jpeg_scan(frame) for frame in stored_frames(tmp_path / "again/s.svs.tiff/level-0.dcm")]
    assert frames == [jpeg_scan(frame) for frame in stored_frames(dicom / "level-0.dcm")]


def test_ome_tiff_holds_channels_and_focal_planes_without_loss(tmp_path: Path) -> None:
    """16-bit samples are deflated, and none is reduced to 8 bits."""
    source = stacks.fluorescence(tmp_path, focal_planes=2)
    tiff = exported(source, tmp_path / "out", format=TiffFormat.OME_TIFF)
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.series[0].axes == "CZYX"
        assert file.pages.first.compression == DEFLATE
        for level in range(2):
            found = file.series[0].levels[level].asarray()
            planes = [source_level(source, level, plane)[..., 0] for plane in range(6)]
            assert np.array_equal(found.reshape(6, *found.shape[2:]), np.stack(planes))


def test_other_formats_take_one_plane_and_say_so(tmp_path: Path) -> None:
    source = stacks.fluorescence(tmp_path, focal_planes=2)
    (refused,) = export(source, tmp_path / "out").tiffs
    assert refused.failure is not None
    assert "--format ome-tiff holds all" in refused.failure.message
    tiff = exported(source, tmp_path / "out", optical_path=2, focal_plane=1)
    for shown in (by_tifffile(tiff.tiff), by_vips(tiff.tiff)):
        assert np.array_equal(shown.squeeze(), source_level(source, plane=5)[..., 0])
    (beyond,) = export(source, tmp_path / "out", optical_path=3, focal_plane=0, overwrite=True).tiffs
    assert beyond.failure is not None
    assert "has no optical path 3" in beyond.failure.message


def test_signed_and_uneven_slides_can_be_exported(tmp_path: Path) -> None:
    report = export([stacks.signed(tmp_path), stacks.uneven(tmp_path)], tmp_path / "out", format=TiffFormat.OME_TIFF)
    assert not report.failed


def test_concatenations_are_one_level(tmp_path: Path) -> None:
    source = build_sample_slide(tmp_path / "c.svs", columns=500, rows=400, tile=64)
    convert(source, tmp_path / "whole")
    convert(source, tmp_path / "parts", max_instance_bytes=100_000)
    assert len(list((tmp_path / "parts/c.svs").glob("level-0-part-*.dcm"))) > 1
    whole = Path(exported(tmp_path / "whole/c.svs", tmp_path / "a").tiff).read_bytes()
    assert Path(exported(tmp_path / "parts/c.svs", tmp_path / "b").tiff).read_bytes() == whole


def test_a_slide_of_one_level_becomes_a_pyramid(tmp_path: Path) -> None:
    source = build_sample_slide(tmp_path / "s.svs", columns=500, rows=400, tile=64)
    convert(source, tmp_path / "dicom", levels=(0,), label=False, overview=False, thumbnail=False)
    tiff = exported(tmp_path / "dicom/s.svs", tmp_path / "out", quality=95)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert shown.level_dimensions == ((500, 400), (250, 200), (125, 100), (63, 50))
    base = source_level(source)
    assert np.array_equal(by_tifffile(tiff.tiff), base)
    halved = base.reshape(200, 2, 250, 2, 3).mean(axis=(1, 3))
    assert np.abs(by_openslide(tiff.tiff, 1) - halved).mean() < 3


@pytest.mark.parametrize("options", [{"tile_size": 128}, {"tile_size": 48, "quality": 95}])
def test_tiles_of_another_size_are_cut_anew(dicom: Path, tmp_path: Path, options: dict[str, int]) -> None:
    tiff = exported(dicom, tmp_path, **options)
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.pages.first.tags["TileWidth"].value == options["tile_size"]
    for shown in (by_openslide(tiff.tiff), by_vips(tiff.tiff), by_tifffile(tiff.tiff)):
        assert difference(shown, source_level(dicom)) <= 3


def test_tiles_that_tiff_does_not_allow_are_cut_anew(tmp_path: Path) -> None:
    """Sides of tiles are multiples of 16 (TIFF 6.0, section 15)."""
    source = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, tile=64)
    convert(source, tmp_path / "dicom", tile_size=90, transfer_syntax=J2K)
    tiff = exported(tmp_path / "dicom/s.svs", tmp_path / "out")
    with tifffile.TiffFile(tiff.tiff) as file:
        assert file.pages.first.tags["TileWidth"].value % 16 == 0
    for shown in (by_openslide(tiff.tiff), by_vips(tiff.tiff), by_tifffile(tiff.tiff)):
        assert difference(shown, source_level(source)) <= 3


def test_tiles_of_another_sampling_than_most_are_encoded_anew(tmp_path: Path) -> None:
    """The directory has one YCbCrSubSampling, and libtiff refuses tiles of another one."""
    source = tmp_path / "mixed.tif"
    picture = source_level(build_sample_slide(tmp_path / "s.svs", columns=512, rows=384, tile=64))
    blocks = picture.reshape(6, 64, 8, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)
    tiles = [
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(block), 92, colorspace="rgb", outcolorspace="ycbcr", subsampling=sampling
        )
        for block, sampling in zip(blocks, ["422"] * 5 + ["444"] + ["422"] * 42, strict=True)
    ]
    with tifffile.TiffWriter(source) as tiff:
        tiff.write(
            iter(tiles), shape=(384, 512, 3), dtype="uint8", tile=(64, 64), photometric="ycbcr", compression="jpeg",
            subsampling=(2, 1), resolution=(20_000, 20_000), resolutionunit="CENTIMETER",
        )  # fmt: skip
    written = exported(source, tmp_path / "out")
    base_tiles = stored_tiles(written.tiff)
    for number, tile in enumerate(tiles):
        assert (jpeg_scan(base_tiles[number]) == jpeg_scan(tile)) is (number != 5)
    for shown in (by_openslide(written.tiff), by_vips(written.tiff), by_tifffile(written.tiff)):
        assert difference(shown, picture) <= 3


def test_label_and_overview_can_be_left_out(dicom: Path, tmp_path: Path) -> None:
    tiff = exported(dicom, tmp_path, format=TiffFormat.SVS, label=False, overview=False)
    with openslide.OpenSlide(tiff.tiff) as shown:
        assert set(shown.associated_images) == {"thumbnail"}
    data = Path(tiff.tiff).read_bytes()
    assert b"label 400" not in data
    assert b"macro" not in data


def test_scenes_become_a_tiff_each(tmp_path: Path) -> None:
    source = stacks.two_scenes(tmp_path / "t.ome.tif")
    report = export(source, tmp_path / "out", format=TiffFormat.OME_TIFF)
    assert [Path(tiff.tiff).name for tiff in report.written] == [
        "t.ome.tif-scene-1.tiff",
        "t.ome.tif-scene-2.tiff",
    ]


def test_what_cannot_be_is_refused_at_once() -> None:
    for options in ({"quality": 0}, {"tile_size": 250}, {"colour": (0, 0, 256)}, {"threads": -1}, {"focal_plane": -1}):
        with pytest.raises(ValueError, match="takes"):
            TiffExportConfig(output="out", **options)  # type: ignore[arg-type]
