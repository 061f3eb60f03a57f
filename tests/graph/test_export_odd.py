"""Slides that are broken or odd: exported with their pixels, or refused alone, in plain words, with nothing left."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ImageCms
from pydicom import Dataset

from pipeline.io.sources import open_source
from pipeline.model.reasons import Route
from pipeline.model.source import ImageKind
from pipeline.model.tiff_target import TiffFormat
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert
from tests.graph.exports import by_tifffile, by_vips, difference, export, exported, left_over, source_level
from tests.io.sources.dicom import instances
from tests.io.sources.dicom.instances import gray, header, native, optical_paths, per_frame, tiles_of, write
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

COLUMNS, ROWS = 50, 40
YBR = {"PhotometricInterpretation": "YBR_FULL_422"}
_ROOT = Path(__file__).resolve().parents[2]
_WITHOUT_READERS = """
import sys
sys.modules["pyvips"] = sys.modules["openslide"] = None
from pipeline.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def ramp(columns: int = COLUMNS, rows: int = ROWS, *, samples: int = 3, bits: int = 8) -> Pixels:
    """Return pixels that compress well and are nowhere the same, (rows, columns, samples)."""
    y, x = np.mgrid[0:rows, 0:columns]
    scale = (1 << bits) // 128
    shades = np.stack([x, y, x + y][:samples], axis=-1) * scale
    return shades.astype(np.uint8 if bits == 8 else np.uint16)


def jpegs(pixels: Pixels, edge: int = instances.EDGE) -> list[bytes]:
    """Return tiles as JPEG of YCbCr."""
    return [
        bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(tile), 95, colorspace="rgb", outcolorspace="ycbcr"))
        for tile in tiles_of(pixels, edge)
    ]


def slide(folder: Path, name: str, data: Dataset, frames: Sequence[bytes], **options: Any) -> Path:
    """Write a slide of one instance into a folder of its own."""
    (folder / name).mkdir()
    return write(folder / name / f"{name}.dcm", data, frames, **options)


def cut(tile: bytes) -> bytes:
    """Return the tile without its end."""
    return tile[: len(tile) * 9 // 10]


def junk(tile: bytes) -> bytes:
    """Return no JPEG."""
    return b"\x12" * len(tile)


def small(tile: bytes) -> bytes:
    """Return a tile of another size."""
    return jpegs(ramp(8, 8), 8)[0]


def colourless(tile: bytes) -> bytes:
    """Return a tile of one component."""
    return bytes(imagecodecs.jpeg8_encode(np.zeros((16, 16), np.uint8)))


@pytest.mark.parametrize("damage", [cut, junk, small, colourless])
def test_a_bad_tile_fails_its_slide_alone(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    frames = jpegs(ramp())
    good = slide(tmp_path, "good", header(COLUMNS, ROWS, **YBR), frames, syntax=instances.JPEG)
    frames[5] = damage(frames[5])
    bad = slide(tmp_path, "bad", header(COLUMNS, ROWS, **YBR), frames, syntax=instances.JPEG)
    report = export([bad, good], tmp_path / "out")
    (failed,) = report.failed
    assert failed.failure is not None
    assert failed.failure.error_class == "TileError"
    assert "level 0, tile 5" in failed.failure.message
    assert os.listdir(tmp_path / "out") == ["good.dcm.tiff"]
    assert left_over(tmp_path / "out") == []


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = slide(tmp_path, "cut", header(COLUMNS, ROWS, **YBR), jpegs(ramp()), syntax=instances.JPEG)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    (tiff,) = export(path, tmp_path / "out").tiffs
    assert tiff.failure is not None
    assert "no whole item of pixel data" in tiff.failure.message
    assert not Path(tiff.tiff).exists()


@pytest.mark.parametrize("format", TiffFormat)
def test_odd_samples_tiles_and_levels_keep_their_pixels(tmp_path: Path, format: TiffFormat) -> None:
    """More than 8 bits come out exactly; the rest as exactly as JPEG is."""
    places = [{"x": 48, "y": 32}, {"x": 0, "y": 0}]
    sparse = header(COLUMNS, ROWS, DimensionOrganizationType="TILED_SPARSE", **YBR)
    inverted = {"PhotometricInterpretation": "MONOCHROME1"}
    sparse.PerFrameFunctionalGroupsSequence = per_frame(places)
    exact = [
        slide(tmp_path, f"gray-{bits}", header(COLUMNS, ROWS, **gray(16, bits, **more)), native(tiles))
        for bits, more in (
            (12, {}),
            (16, {"PixelRepresentation": 1}),
            (10, inverted),
        )
        for tiles in [tiles_of(ramp(samples=1, bits=bits))]
    ]
    frames = jpegs(ramp())
    exact.append(slide(tmp_path, "sparse", sparse, [frames[-1], frames[0]], syntax=instances.JPEG))
    near = [
        slide(tmp_path, f"edge-{edge}", header(COLUMNS, ROWS, Rows=edge, Columns=edge), native(tiles_of(ramp(), edge)))
        for edge in (1, 24, 128)
    ]
    near.append(slide(tmp_path, "dot", header(1, 1), native(tiles_of(ramp(1, 1)))))
    unscaled = header(COLUMNS, ROWS, SharedFunctionalGroupsSequence=None)
    near.append(slide(tmp_path, "unscaled", unscaled, native(tiles_of(ramp()))))
    report = export(exact + near, tmp_path / "out", format=format)
    assert [tiff.failure for tiff in report.failed] == []
    for tiff in report.tiffs:
        expected = source_level(Path(tiff.uri)).squeeze()
        worst = 0 if Path(tiff.uri) in exact else 3
        assert difference(by_tifffile(tiff.tiff).reshape(expected.shape), expected) <= worst, tiff.uri
    unscaled_tiff = next(tiff.tiff for tiff in report.tiffs if "unscaled" in tiff.uri)
    with tifffile.TiffFile(unscaled_tiff) as file:
        assert "XResolution" not in file.pages.first.tags


def test_levels_go_down_to_one_pixel(tmp_path: Path) -> None:
    folder = tmp_path / "levels"
    folder.mkdir()
    for number, size in enumerate((32, 16, 4, 1)):
        data = header(size, size, InstanceNumber=number + 1)
        data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.016 / size] * 2
        write(folder / f"{number}.dcm", data, native(tiles_of(ramp(size, size))))
    tiff = exported(folder, tmp_path / "out", quality=100)
    assert tiff.levels == 4
    for page, size in enumerate((32, 16, 4, 1)):
        assert difference(by_vips(tiff.tiff, page), ramp(size, size)) <= 3


@pytest.mark.parametrize("encoding", [TileEncoding.JPEG_RGB, TileEncoding.JPEG_YCBCR_420])
def test_recompressed_jpegs_come_back_byte_for_byte(tmp_path: Path, encoding: TileEncoding) -> None:
    """The TIFF of JPEG XL recompression is that of the JPEGs themselves: no tile of a level is encoded."""
    source = build_sample_slide(
        tmp_path / "s.svs", columns=500, rows=400, tile=128, encoding=encoding, associated=False
    )
    convert(source, tmp_path / "jpeg")
    convert(source, tmp_path / "jpeg-xl", transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION)
    expected = exported(tmp_path / "jpeg/s.svs", tmp_path / "a")
    tiff = exported(tmp_path / "jpeg-xl/s.svs", tmp_path / "b")
    assert set(tiff.frames) == {Route.PASSTHROUGH}
    assert Path(tiff.tiff).read_bytes() == Path(expected.tiff).read_bytes()


def test_pixels_of_no_size_are_told_with_the_way_out(tmp_path: Path) -> None:
    data = header(COLUMNS, ROWS)
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = ["1e-12", "1e-12"]
    path = slide(tmp_path, "tiny", data, native(tiles_of(ramp())))
    (tiff,) = export(path, tmp_path / "out").tiffs
    assert tiff.failure is not None
    assert tiff.failure.error_class == "SourceError"
    assert "--source-pixel-spacing-mm" in tiff.failure.message
    exported(path, tmp_path / "out", source_pixel_spacing_mm=(0.0005, 0.0005))


def test_an_icc_profile_goes_on_unchanged_or_not_at_all(tmp_path: Path) -> None:
    """What is written of profiles into DICOM, another class or sRGB in their place, is no matter of a TIFF."""
    display = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    paths = []
    for name, profile in (("display", display), ("junk", b"no profile")):
        data = header(COLUMNS, ROWS)
        data.OpticalPathSequence = optical_paths("1", ICCProfile=profile)
        paths.append(slide(tmp_path, name, data, native(tiles_of(ramp()))))
    stripped = export(paths, tmp_path / "stripped")
    assert [tiff.warnings for tiff in stripped.written] == [(), ()]
    kept = export(paths, tmp_path / "kept", keep_icc=True)
    found = {Path(tiff.uri).stem: (tiff, tifffile.TiffFile(tiff.tiff)) for tiff in kept.written}
    assert found["display"][1].pages.first.tags["InterColorProfile"].value == display
    assert found["display"][0].warnings == ()
    assert "InterColorProfile" not in found["junk"][1].pages.first.tags
    assert "it is left out" in found["junk"][0].warnings[0]
    for _, file in found.values():
        file.close()


def test_a_folder_in_the_place_is_told_before_tiles_are_read(tmp_path: Path) -> None:
    path = slide(tmp_path, "a", header(COLUMNS, ROWS), native(tiles_of(ramp())))
    (tmp_path / "out/a.dcm.tiff").mkdir(parents=True)
    for overwrite in (False, True):
        (tiff,) = export(path, tmp_path / "out", overwrite=overwrite).tiffs
        assert tiff.failure is not None
        assert tiff.failure.message.endswith("is a folder, and not replaced by a file; name another output")
        assert tiff.failure.stage == "AdmitTiffs"


def test_a_link_that_leads_nowhere_is_replaced_on_demand(tmp_path: Path) -> None:
    path = slide(tmp_path, "a", header(COLUMNS, ROWS), native(tiles_of(ramp())))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.dcm.tiff").symlink_to("nowhere")
    (tiff,) = export(path, tmp_path / "out").tiffs
    assert tiff.failure is not None
    assert tiff.failure.error_class == "OutputExists"
    assert Path(exported(path, tmp_path / "out", overwrite=True).tiff).is_file()
    assert not (tmp_path / "out/nowhere").exists()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_second_name_of_an_instance_is_no_second_instance(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    path = slide(tmp_path, "a", header(COLUMNS, ROWS), native(tiles_of(ramp())))
    link(path, path.with_name("again.dcm"))
    one, other = export([path, path.with_name("again.dcm")], tmp_path / "out").tiffs
    assert (one.failure, other.failure) == (None, None)
    assert Path(one.tiff).read_bytes() == Path(other.tiff).read_bytes()


def test_label_and_macro_of_a_plain_tiff_are_read_again(tmp_path: Path) -> None:
    """A macro larger than the base is no channel, and a label in the base's shape is no level."""
    folder = tmp_path / "s"
    folder.mkdir()
    write(folder / "0.dcm", header(100, 80), native(tiles_of(ramp(100, 80))))
    for flavor, columns, rows in (("LABEL", 50, 40), ("OVERVIEW", 300, 200)):
        data = header(columns, rows, ImageType=["ORIGINAL", "PRIMARY", flavor, "NONE"], Rows=rows, Columns=columns)
        write(folder / f"{flavor}.dcm", data, [(ramp(columns, rows) % 251).tobytes()])
    tiff = exported(folder, tmp_path / "out")
    with open_source(tiff.tiff) as source:
        described = source.describe()
        sizes = {image.kind: (image.grid.columns, image.grid.rows) for image in described.images if image.level is None}
        assert sizes == {ImageKind.OVERVIEW: (300, 200), ImageKind.LABEL: (50, 40)}
        assert len(described.levels) == tiff.levels
        assert described.warnings == ()
        for page, image in enumerate(image for image in described.images if image.level is None):
            pixels = source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows)
            assert np.array_equal(pixels, by_vips(tiff.tiff, tiff.levels + page))
    again = convert(Path(tiff.tiff), tmp_path / "dicom")
    assert not again["failures"]
    assert {"label.dcm", "overview.dcm"} <= {file.name for file in (tmp_path / "dicom/s.tiff").iterdir()}


@pytest.mark.slow
def test_bc_c4_neither_libvips_nor_openslide_is_needed(tmp_path: Path) -> None:
    path = slide(tmp_path, "a", header(COLUMNS, ROWS), native(tiles_of(ramp())))
    command = [sys.executable, "-c", _WITHOUT_READERS, "export", str(path), str(tmp_path / "a.tiff")]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert difference(by_tifffile(tmp_path / "a.tiff"), ramp()) <= 3
