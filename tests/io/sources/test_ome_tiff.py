"""OME-TIFF: real files against tifffile's series, built ones against the planes that were written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import open_source
from pipeline.io.sources.contract import SlideSource
from pipeline.model.errors import SourceError, TileError
from pipeline.model.source import Compression, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.ome_tiffs import (
    COLUMNS,
    ROWS,
    Samples,
    gray_planes,
    ome_image,
    ome_xml,
    rgb_planes,
    shaped,
    smaller,
    write_ome_tiff,
)

REAL = {
    "ome-tiff/OS-1-detail.ome.tif": (1, 1, 1, Compression.JPEG),
    "ome-tiff/minerva-2048x2048_ome6_tiled.ome.tif": (2, 3, 1, Compression.OTHER),
    "ome-tiff/multi-channel-z-series.ome.tif": (1, 3, 5, Compression.OTHER),
    "ome-tiff/qupath-cells-2c.ome.tif": (1, 2, 1, Compression.OTHER),
    "ome-tiff/qupath-cells-2z.ome.tif": (1, 1, 2, Compression.OTHER),
    "synthetic/SYN-brightfield-z5.ome.tif": (3, 1, 5, Compression.JPEG),
}
"""Levels, channels, focal planes, and how tiles are stored."""


def whole(source: SlideSource, image: SourceImage, plane: int = 0) -> Pixels:
    """Return all pixels of a plane."""
    return source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows, plane)


class TestChannelsAndFocalPlanes(SlideSourceContract):
    """Two channels of three focal planes of 16 bits in two levels; time is fastest in the file, channels slowest."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write a directory a plane, lower levels in SubIFDs."""
        xml = ome_xml(ome_image(sizes="TZC", counts=(2, 3, 1), pixel_type="uint16", inside="<TiffData/>"))
        path = tmp_path_factory.mktemp("planes") / "big.ome.tif"
        return write_ome_tiff(path, xml, gray_planes(6, "uint16"), levels=2)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask for the first plane."""
        return self.expected_plane(slide, image, 0)

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Return what was written."""
        assert image.level is not None
        return shaped(smaller(gray_planes(6, "uint16")[plane], image.level))


class TestJpegFocalPlanes(SlideSourceContract):
    """Three focal planes of RGB as JPEG in two levels, a label and a macro image: each what tifffile finds."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write five directories."""
        channel = '<Channel ID="Channel:0" SamplesPerPixel="3"/>'
        rgb = {"inside": f'{channel}<TiffData IFD="0" PlaneCount="3"/>', "name": "tissue"}
        xml = ome_xml(
            ome_image(counts=(3, 3, 1), **rgb),
            ome_image(counts=(3, 1, 1), inside=f'{channel}<TiffData IFD="3"/>', name="label image"),
            ome_image(counts=(3, 1, 1), inside=f'{channel}<TiffData IFD="4"/>', name="slide macro"),
        )
        path = tmp_path_factory.mktemp("jpeg") / "s.ome.tif"
        return write_ome_tiff(path, xml, rgb_planes(5), levels=2, options={"compression": "jpeg"})

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask for the first plane."""
        return self.expected_plane(slide, image, 0)

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Ask tifffile."""
        places = {ImageKind.LABEL: 3, ImageKind.OVERVIEW: 4}
        with tifffile.TiffFile(slide) as tiff:
            page = tiff.pages[places.get(image.kind, plane)]
            if image.level:
                assert page.pages is not None
                page = page.pages[image.level - 1]
            pixels: Pixels = page.asarray()
            return pixels

    def test_kinds(self, source: SlideSource) -> None:
        """Two levels, then label and macro."""
        kinds = [image.kind for image in source.describe().images]
        assert kinds == [ImageKind.VOLUME, ImageKind.VOLUME, ImageKind.LABEL, ImageKind.OVERVIEW]


class TestSignedStrips(SlideSourceContract):
    """Signed samples of 16 bits in strips: unsigned ones that are half of the range larger."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write two channels."""
        xml = ome_xml(ome_image(counts=(2, 1, 1), pixel_type="int16"))
        path = tmp_path_factory.mktemp("signed") / "s.ome.tif"
        return write_ome_tiff(path, xml, gray_planes(2, "int16"), options={"tile": None, "rowsperstrip": 10})

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask for the first plane."""
        return self.expected_plane(slide, image, 0)

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Return what was written, shifted."""
        assert image.added == 1 << 15
        return shaped((gray_planes(2, "int16")[plane].astype(np.int64) + (1 << 15)).astype(np.uint16))


@pytest.mark.parametrize("name", REAL)
def test_real_files(shared_slides: Path, name: str) -> None:
    """Every plane of every level has the pixels that tifffile finds in it."""
    levels, channels, focal_planes, compression = REAL[name]
    with open_source(str(shared_slides / name)) as source, tifffile.TiffFile(shared_slides / name) as tiff:
        description = source.describe()
        assert description.format == "ome-tiff"
        assert len(description.images) == len(description.levels) == levels
        for image in description.levels:
            assert (image.optical_paths, image.focal_planes) == (channels, focal_planes)
            assert image.compression is compression
            stored = tiff.series[0].levels[image.level].asarray()
            planes = stored.reshape(-1, image.grid.rows, image.grid.columns, image.samples).astype(np.int64)
            assert len(planes) == image.planes
            for plane, expected in enumerate(planes):
                assert np.array_equal(whole(source, image, plane), expected + image.added)


def test_every_focal_plane_of_the_synthetic_slide_passes(shared_slides: Path) -> None:
    with open_source(str(shared_slides / "synthetic/SYN-brightfield-z5.ome.tif")) as source:
        for image in source.describe().levels:
            for plane in range(5):
                codec = source.tile_codec(image.index, plane)
                assert codec is not None
                passed = codec.pass_tile(source.read_tiles(image.index, 7, 1, plane)[0])
                assert isinstance(passed, PassedTile)
                assert passed.transfer_syntax is TransferSyntax.JPEG_BASELINE
        assert source.describe().focal_plane_offsets_um == (0.0, 1.5, 3.0, 4.5, 6.0)


@pytest.mark.parametrize("in_chain", [True, False])
@pytest.mark.parametrize("planes", [1, 3])
def test_levels_in_subifds_and_in_the_chain(tmp_path: Path, in_chain: bool, planes: int) -> None:
    xml = ome_xml(ome_image(counts=(planes, 1, 1), inside=f'<TiffData IFD="0" PlaneCount="{planes}"/>'))
    drawn = gray_planes(planes)
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, drawn, levels=3, in_chain=in_chain)
    with open_source(str(path)) as source:
        levels = source.describe().levels
        assert [level.grid.columns for level in levels] == [110, 55, 28]
        for image in levels:
            for plane in range(planes):
                assert np.array_equal(whole(source, image, plane), shaped(smaller(drawn[plane], image.level or 0)))
        assert source.describe().warnings == ()


def test_levels_that_are_images(tmp_path: Path) -> None:
    """As Bio-Formats writes them when it is told to keep no pyramid."""
    half = {"size": (55, 37), "attributes": 'PhysicalSizeX="1" PhysicalSizeY="1"'}
    xml = ome_xml(
        ome_image(attributes='PhysicalSizeX="0.5" PhysicalSizeY="0.5"', inside='<TiffData IFD="0"/>'),
        ome_image(inside='<TiffData IFD="1"/>', **half),
    )
    (plane,) = gray_planes(1)
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, [plane, smaller(plane, 1)])
    with open_source(str(path)) as source:
        assert [level.grid.columns for level in source.describe().levels] == [110, 55]
        assert source.describe().scenes == ()
        assert np.array_equal(whole(source, source.describe().levels[1]), shaped(smaller(plane, 1)))


def test_several_images_are_scenes(tmp_path: Path) -> None:
    """Each of its own size; label and thumbnail belong to all. The fingerprint is the file's."""
    drawn = gray_planes(3)
    xml = ome_xml(
        ome_image(name="left", inside='<TiffData IFD="1"/>'),
        ome_image(name="right", inside='<TiffData IFD="0"/>', size=(50, 74)),
        ome_image(name="Thumbnail", inside='<TiffData IFD="2"/>', size=(22, 15)),
    )
    planes = [drawn[0][:, :50], drawn[1], drawn[2][:15, :22]]
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, [np.ascontiguousarray(plane) for plane in planes])
    prints = set()
    for scene, place in ((1, 1), (2, 0)):
        with open_source(f"{path}#scene={scene}") as source:
            description = source.describe()
            assert (description.scenes, description.scene) == (("left", "right"), scene)
            assert [image.kind for image in description.images] == [ImageKind.VOLUME, ImageKind.THUMBNAIL]
            assert np.array_equal(whole(source, description.images[0]), shaped(planes[place]))
            assert np.array_equal(whole(source, description.images[1]), shaped(planes[2]))
            prints.add(source.fingerprint())
    assert len(prints) == 1
    for beyond in (0, 3):
        with pytest.raises(SourceError, match=f"no scene {beyond}: its scenes are 1 to 2"):
            open_source(f"{path}#scene={beyond}")


def test_time_points_are_scenes(tmp_path: Path) -> None:
    drawn = gray_planes(6)
    xml = ome_xml(ome_image(sizes="TCZ", counts=(1, 2, 3), inside="<TiffData/>"))
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, drawn)
    for scene in (1, 2, 3):
        with open_source(f"{path}#scene={scene}") as source:
            description = source.describe()
            assert description.scenes == ("t=1", "t=2", "t=3")
            assert description.shared_coordinates
            (image,) = description.levels
            assert image.focal_planes == 2
            for z in range(2):
                assert np.array_equal(whole(source, image, z), shaped(drawn[z * 3 + scene - 1]))


@pytest.mark.parametrize("order", ["CZT", "CTZ", "ZCT", "ZTC", "TCZ", "TZC"])
def test_every_dimension_order(tmp_path: Path, order: str) -> None:
    sizes = {"C": 2, "Z": 3, "T": 2}
    drawn = gray_planes(12)
    xml = ome_xml(ome_image(sizes=order, counts=(2, 3, 2), inside="<TiffData/>"))
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, drawn)
    stored = np.stack(drawn).reshape([sizes[axis] for axis in reversed(order)] + [ROWS, COLUMNS])
    by_axes = stored.transpose([*(list(reversed(order)).index(axis) for axis in "TCZ"), 3, 4])
    with open_source(f"{path}#scene=2") as source:
        (image,) = source.describe().levels
        for plane in range(6):
            assert np.array_equal(whole(source, image, plane), shaped(by_axes[1, plane // 3, plane % 3]))


def test_tiff_data_may_put_planes_anywhere(tmp_path: Path) -> None:
    """Backwards, as NumPlanes of old schemas, and by UUID although the file was renamed."""
    blocks = (
        '<TiffData FirstC="1" IFD="0" NumPlanes="1"/>'
        '<TiffData FirstC="0" IFD="1"><UUID FileName="old name.ome.tif">urn:uuid:1</UUID></TiffData>'
    )
    drawn = gray_planes(2)
    xml = ome_xml(ome_image(counts=(2, 1, 1), inside=blocks), attributes='UUID="urn:uuid:1"')
    with open_source(str(write_ome_tiff(tmp_path / "s.ome.tif", xml, drawn))) as source:
        (image,) = source.describe().levels
        assert np.array_equal(whole(source, image, 0), shaped(drawn[1]))
        assert np.array_equal(whole(source, image, 1), shaped(drawn[0]))


def test_twelve_bits(tmp_path: Path) -> None:
    """Of SignificantBits, of BitsPerSample, and in JPEG, which then is process 4."""
    (plane,) = gray_planes(1, "uint16", 4095)
    told = ome_xml(ome_image(pixel_type="uint16", attributes='SignificantBits="12"'))
    silent = ome_xml(ome_image(pixel_type="uint16"))
    deep: dict[str, Any] = {"compression": "jpeg", "bitspersample": 12, "compressionargs": {"level": 98}}
    for xml, options, syntax in ((told, {}, None), (silent, deep, TransferSyntax.JPEG_EXTENDED)):
        path = write_ome_tiff(tmp_path / "s.ome.tif", xml, [plane], options=options)
        with open_source(str(path)) as source:
            (image,) = source.describe().levels
            assert (image.bits, image.bits_stored) == (16, 12)
            assert np.abs(whole(source, image).astype(int) - shaped(plane)).mean() < (0.1 if syntax is None else 40)
            codec = source.tile_codec(0)
            assert codec is not None
            passed = codec.pass_tile(source.read_tiles(0, 0, 1)[0])
            assert syntax is None or (isinstance(passed, PassedTile) and passed.transfer_syntax is syntax)


def test_jpeg_2000_of_twelve_bits_passes(tmp_path: Path) -> None:
    (plane,) = gray_planes(1, "uint16", 4095)
    xml = ome_xml(ome_image(pixel_type="uint16", attributes='SignificantBits="12"'))
    options = {"compression": "jpeg2000", "compressionargs": {"reversible": True, "bitspersample": 12, "level": 0}}
    with open_source(str(write_ome_tiff(tmp_path / "s.ome.tif", xml, [plane], options=options))) as source:
        codec = source.tile_codec(0)
        assert codec is not None
        assert isinstance(codec.pass_tile(source.read_tiles(0, 0, 1)[0]), PassedTile)
        assert np.array_equal(whole(source, source.describe().levels[0]), shaped(plane))


def test_samples_beyond_the_significant_bits_are_an_error(tmp_path: Path) -> None:
    xml = ome_xml(ome_image(pixel_type="uint16", attributes='SignificantBits="12"'))
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, gray_planes(1, "uint16"))
    with open_source(str(path)) as source, pytest.raises(TileError, match="more than the 12 bits"):
        whole(source, source.describe().levels[0])


@pytest.mark.parametrize(
    ("dtype", "named"),
    [("float32", "floating point numbers of 32 bits"), ("uint32", "unsigned integers of 32 bits")],
)
def test_samples_that_dicom_has_not_are_refused_by_name(tmp_path: Path, dtype: str, named: str) -> None:
    plane: Samples = gray_planes(1)[0].astype(dtype)
    path = write_ome_tiff(tmp_path / "s.ome.tif", ome_xml(ome_image(pixel_type=dtype)), [plane])
    with pytest.raises(SourceError, match=named):
        open_source(str(path))


def test_signed_bytes_and_missing_tiles(tmp_path: Path) -> None:
    """Where nothing is stored, fluorescence is black: zero before the shift."""
    planes = gray_planes(2, "int8")
    planes[1][:] = 0
    xml = ome_xml(ome_image(counts=(2, 1, 1), pixel_type="int8"))
    path = tmp_path / "s.ome.tif"
    write_ome_tiff(path, xml, planes, options={"compression": None})
    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages[1].tags["TileByteCounts"]
        lengths = [0, *tag.value[1:]]
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[1].tags["TileByteCounts"].overwrite(lengths)
    with open_source(str(path)) as source:
        (image,) = source.describe().levels
        assert image.added == 128
        assert np.array_equal(whole(source, image, 0), shaped(planes[0].astype(np.int64) + 128))
        assert (whole(source, image, 1) == 128).all()
        lengths_read = source.tile_lengths(0, 1)
        assert lengths_read is not None
        assert lengths_read[0] == 0
