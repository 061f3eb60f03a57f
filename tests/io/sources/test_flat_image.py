"""PNG and JPEG files of every kind of pixel, against Pillow; what their headers tell, and what is not believed."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError, TileError
from pipeline.model.source import SourceImage, TaggedColour
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import flip_bytes, read_all
from tests.sample import draw_tissue

COLUMNS, ROWS = 700, 600
fuzzed = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
FLIPS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 255)), min_size=1, max_size=6)


def drawing(mode: str) -> Image.Image:
    """Draw tissue in one of Pillow's modes; alpha grows from left to right."""
    image = Image.fromarray(draw_tissue(ROWS, COLUMNS))
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    image = image.convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
    return image


def on_white(image: Image.Image) -> Pixels:
    """Return the pixels that are to be seen, (rows, columns, samples)."""
    stored: NDArray[Any] = np.asarray(
        image.convert("RGB") if image.mode == "P" else image.convert("L") if image.mode == "1" else image
    )
    shaped = stored[..., np.newaxis] if stored.ndim == 2 else stored
    if image.mode not in ("RGBA", "LA"):
        return shaped.astype(f"u{shaped.dtype.itemsize}")
    alpha = shaped[..., -1:] / 255
    return np.rint(shaped[..., :-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)


class PngContract(SlideSourceContract):
    """PNG of one of Pillow's modes."""

    mode = "RGB"

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Save one."""
        path = tmp_path_factory.mktemp("png") / "s.png"
        drawing(cls.mode).save(path)
        return path

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask Pillow."""
        with Image.open(slide) as opened:
            return on_white(opened)

    def test_it_is_lossless(self, slide: Path) -> None:
        """And not tiled."""
        with open_source(str(slide)) as source:
            (image,) = source.describe().images
        assert not image.lossy.is_lossy
        assert not image.tiled


class TestPngRgb(PngContract):
    """RGB."""


class TestPngGray(PngContract):
    """Gray."""

    mode = "L"


class TestPngGray16(PngContract):
    """Gray of 16 bits."""

    mode = "I;16"


class TestPngPalette(PngContract):
    """A palette is resolved."""

    mode = "P"


class TestPngBits(PngContract):
    """Black and white."""

    mode = "1"


class TestPngAlpha(PngContract):
    """Alpha is composed onto white."""

    mode, tolerance = "RGBA", 1


class TestPngGrayAlpha(PngContract):
    """Of gray too."""

    mode, tolerance = "LA", 1


class TestJpegFile(SlideSourceContract):
    """YCbCr with chroma of half the size."""

    options: dict[str, Any] = {"quality": 90, "subsampling": 2}  # noqa: RUF012
    mode = "RGB"

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Save one."""
        path = tmp_path_factory.mktemp("jpeg") / "s.jpg"
        drawing(cls.mode).save(path, **cls.options)
        return path

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask Pillow."""
        with Image.open(slide) as opened:
            return on_white(opened)

    tolerance = 2

    def test_its_loss_is_history(self, slide: Path) -> None:
        """With the ratio of the file."""
        with open_source(str(slide)) as source:
            (image,) = source.describe().images
        (stage,) = image.lossy.stages
        assert stage.method == "ISO_10918_1"
        assert stage.ratio > 3


class TestJpegProgressive(TestJpegFile):
    """Several scans."""

    options: dict[str, Any] = {"quality": 90, "progressive": True}  # noqa: RUF012


class TestJpegGray(TestJpegFile):
    """One component."""

    mode = "L"

    def test_gray(self, slide: Path) -> None:
        """One sample."""
        with open_source(str(slide)) as source:
            (image,) = source.describe().images
        assert (image.samples, image.colour) == (1, TaggedColour.GRAY)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_it_is_written_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    image = Image.fromarray(draw_tissue(60, 90))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"s.{suffix}"
    image.save(path, exif=exif)
    with Image.open(path) as opened:
        seen = on_white(ImageOps.exif_transpose(opened))
    with open_source(str(path)) as source:
        description = source.describe()
        grid = description.images[0].grid
        region = source.read_region(0, 0, 0, grid.columns, grid.rows)
    assert region.shape == seen.shape
    assert int(np.abs(region.astype(int) - seen).max()) <= 2
    assert [f"orientation is {orientation}" in w for w in description.warnings] == [True] * (orientation > 1)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize(("dpi", "spacing"), [(72, None), (300, None), (50800, 0.0005), (25400, 0.001)])
def test_only_a_microscopes_resolution_is_believed(
    tmp_path: Path, suffix: str, dpi: int, spacing: float | None
) -> None:
    path = tmp_path / f"s.{suffix}"
    drawing("L").save(path, dpi=(dpi, dpi))
    with open_source(str(path)) as source:
        description = source.describe()
    found = description.facts.pixel_spacing_mm
    if spacing is None:
        assert found is None
        assert any("it is not believed" in warning for warning in description.warnings)
    else:
        assert found == pytest.approx((spacing, spacing), rel=1e-3)
        assert description.warnings == ()


def test_sides_of_a_turned_image_keep_their_resolution(tmp_path: Path) -> None:
    path = tmp_path / "s.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    drawing("L").save(path, dpi=(25400, 50800), exif=exif)
    with open_source(str(path)) as source:
        assert source.describe().facts.pixel_spacing_mm == pytest.approx((0.001, 0.0005), rel=1e-3)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_the_profile_is_carried_over(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"s.{suffix}"
    profile = SRGB_PROFILE + bytes(80_000)
    drawing("RGB").save(path, icc_profile=profile)
    with open_source(str(path)) as source:
        assert source.describe().icc_profile == profile


def test_texts_are_properties(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x013B] = "Maker", "2024:05:06 07:08:09", "A. Person"
    path = tmp_path / "s.jpg"
    drawing("L").save(path, exif=exif, comment=b"Case 1")
    with open_source(str(path)) as source:
        description = source.describe()
    assert ("jpeg.Artist", "A. Person") in description.properties
    assert ("jpeg.Comment", "Case 1") in description.properties
    assert (description.facts.manufacturer, description.facts.acquisition_datetime) == ("Maker", "20240506070809")


def test_jpeg_of_12_bits(tmp_path: Path) -> None:
    pixels = np.asarray(drawing("L")).astype(np.uint16) * 16
    path = tmp_path / "s.jpg"
    path.write_bytes(imagecodecs.jpeg8_encode(pixels, bitspersample=12, level=98))
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    assert (image.bits, image.bits_stored) == (16, 12)
    assert int(np.abs(region[..., 0].astype(int) - pixels).max()) < 200


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    path = tmp_path / "s.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b""))
    with pytest.raises(SourceError, match=r"s\.png: 30000 x 30000 pixels are too many .*tiled TIFF"):
        open_source(str(path))


def test_cmyk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.jpg"
    drawing("CMYK").save(path)
    with pytest.raises(SourceError, match="4 components of 8 bits are not supported"):
        open_source(str(path))


def test_a_jpeg_named_mrxs_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "s.mrxs"
    drawing("L").save(path, "jpeg")
    with pytest.raises(SourceError, match=r"s\.mrxs"):
        open_source(str(path))


def test_there_is_one_scene(tmp_path: Path) -> None:
    path = tmp_path / "s.png"
    drawing("L").save(path)
    with pytest.raises(SourceError, match="no scene 2: it holds one scene"):
        open_source(f"{path}#scene=2")


def encoded(form: str) -> bytes:
    """Return a small file."""
    stream = io.BytesIO()
    Image.fromarray(draw_tissue(40, 60)).save(stream, form, icc_profile=SRGB_PROFILE, dpi=(50800, 50800))
    return stream.getvalue()


FILES = {form: encoded(form) for form in ("png", "jpeg")}


@pytest.mark.parametrize("form", FILES)
@given(flips=FLIPS)
@fuzzed
def test_flipped_bits(tmp_path: Path, form: str, flips: list[tuple[int, int]]) -> None:
    path = tmp_path / f"s.{form}"
    path.write_bytes(FILES[form][:8] + flip_bytes(FILES[form][8:], flips))
    error = read_all(path)
    assert error is None or (f"s.{form}" in str(error) and "\n" not in str(error))


@given(place=st.floats(0, 1), bits=st.integers(1, 255))
@fuzzed
def test_no_flipped_pixel_of_a_png_goes_unseen(tmp_path: Path, place: float, bits: int) -> None:
    data = FILES["png"]
    first, end = data.index(b"IDAT") + 4, data.index(b"IEND") - 8
    path = tmp_path / "s.png"
    path.write_bytes(flip_bytes(data, [(first + int(place * (end - first - 1)), bits)]))
    assert isinstance(read_all(path), SourceError)


@pytest.mark.parametrize("form", FILES)
@given(share=st.floats(0, 0.99))
@fuzzed
def test_a_file_that_was_cut(tmp_path: Path, form: str, share: float) -> None:
    path = tmp_path / f"s.{form}"
    path.write_bytes(FILES[form][: max(8, int(share * len(FILES[form])))])
    error = read_all(path)
    assert isinstance(error, SourceError | TileError)
    assert f"s.{form}" in str(error)
