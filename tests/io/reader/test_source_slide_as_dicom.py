"""A source slide and its conversion to DICOM are read alike: the same pixels at the same places on the glass."""

from collections.abc import Iterator
from pathlib import Path

import dask.array
import numpy as np
import pytest
import tifffile
import zarr

from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.io.reader import FolderClient, Slide, find_slides
from pipeline.io.reader.source_slide import SourceSlide, open_slide
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert
from tests.io.reader.derived import segmentation
from tests.io.reader.instances import EDGE, level, save, save_level
from tests.io.sources.dicom.instances import optical_paths, picture, tiles_of
from tests.sample import draw_tissue


@pytest.fixture(scope="module")
def source(tissue: Path) -> Iterator[SourceSlide]:
    """Return the slide that was converted."""
    with open_slide(tissue) as opened:
        yield opened


@pytest.fixture(scope="module")
def stored(converted: Path) -> Slide:
    """Return its conversion by a client of ours, which can be pickled, without colour management."""
    (found,) = find_slides(FolderClient(converted))
    return found.with_correct_color(False)


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a TIFF whose ICC profile takes green for blue and blue for green."""
    profile = SRGB_PROFILE.replace(b"gXYZ", b"none").replace(b"bXYZ", b"gXYZ").replace(b"none", b"bXYZ")
    path = tmp_path_factory.mktemp("coloured") / "coloured.tif"
    tifffile.imwrite(
        path,
        draw_tissue(500, 600),
        tile=(256, 256),
        photometric="rgb",
        compression="deflate",
        iccprofile=profile,
        resolution=(20000, 20000),
        resolutionunit="CENTIMETER",
        metadata=None,
    )
    return path


def test_the_base_has_the_same_pixels(source: SourceSlide, stored: Slide) -> None:
    """JPEG passed through the conversion; of the levels it made of it the file knows nothing."""
    for offset, size in (((0, 0), (300, 200)), ((1400, 2200), (300, 300)), ((-20, 700), (50, 600))):
        found = source.get_image_region(offset, 0, size)
        assert np.array_equal(found, stored.get_image_region(offset, 0, size))
    assert source.level(0).chunks == stored.level(0).chunks == (256, 256, 3)


def test_pixels_lie_at_the_same_places(source: SourceSlide, stored: Slide) -> None:
    assert source.pixel_spacings[0] == stored.pixel_spacings[0]
    assert source.physical_offset == stored.physical_offset
    assert source.physical_size == pytest.approx(stored.physical_size)
    indices = np.random.default_rng(0).integers(-50, 2500, (100, 2))
    places = source.map_pixel_indices_to_slide_coordinates(indices, 0)
    assert np.allclose(places, stored.map_pixel_indices_to_slide_coordinates(indices, 0))
    assert np.array_equal(stored.map_slide_coordinates_to_pixel_indices(places, 0), indices)
    x, y = source.get_slide_offset((500, 600), 0)
    for offset in ((x, y), (24.9, 49.95)):
        found = source.get_slide_region(offset, 0, (0.15, 0.1))
        assert np.array_equal(found, stored.get_slide_region(offset, 0, (0.15, 0.1)))


def test_focal_planes_lie_at_the_same_places(tmp_path: Path) -> None:
    stack = stacks.jpeg_stack(tmp_path)
    convert(stack, tmp_path / "out")
    (slide,) = find_slides(FolderClient(tmp_path / "out" / stack.name))
    stored = slide.with_correct_color(False)
    indices = np.array([[0, 0], [10, 20]])
    with open_slide(stack) as source:
        assert source.num_focal_planes == stored.num_focal_planes > 1
        for plane in range(source.num_focal_planes):
            places = source.map_pixel_indices_to_slide_coordinates(indices, 0, 0, plane)
            assert np.allclose(places, stored.map_pixel_indices_to_slide_coordinates(indices, 0, 0, plane))
            found = source.get_image_region((5, 5), 0, (60, 70), 0, plane)
            assert np.array_equal(found, stored.get_image_region((5, 5), 0, (60, 70), 0, plane))
        ours, theirs = (zarr.open_array(one.to_zarr(), path="0", mode="r") for one in (source, stored))
        assert np.array_equal(ours[:], theirs[:])


def test_label_and_overview_have_the_same_pixels(source: SourceSlide, stored: Slide) -> None:
    """The label was LZW and is stored as JPEG."""
    (label,), (same,) = source.label_images, stored.label_images
    assert label.size == same.size
    found = label.get_image_region((0, 0), label.size)
    assert np.abs(found.astype(int) - same.get_image_region((0, 0), same.size)).mean() < 3
    assert source.overview_images[0].size == stored.overview_images[0].size


def test_channels_have_the_same_names(source: SourceSlide, stored: Slide) -> None:
    assert source.get_channel_identifier(0) == stored.get_channel_identifier(0)
    assert source.get_channel_type(0) == stored.get_channel_type(0)
    assert source.get_focal_plane_offset(0) == stored.get_focal_plane_offset(0)


def test_r27_the_profile_is_applied_to_both(coloured: Path, tmp_path: Path) -> None:
    convert(coloured, tmp_path, transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS)
    (slide,) = find_slides(FolderClient(tmp_path / coloured.name))
    raw: Pixels = tifffile.imread(coloured)
    with open_slide(coloured) as source:
        shown = source.get_image_region((0, 0), 0, (500, 600))
        assert np.abs(shown.astype(int) - raw).mean() > 5
        assert np.array_equal(slide.get_image_region((0, 0), 0, (500, 600)), shown)
        assert np.array_equal(np.asarray(source), shown)
        assert np.array_equal(zarr.open_array(source.to_zarr(), path="0", mode="r")[:], shown.transpose(2, 0, 1))
        for uncorrected in (source.with_correct_color(False), slide.with_correct_color(False)):
            assert np.array_equal(uncorrected.get_image_region((0, 0), 0, (500, 600)), raw)
            assert np.array_equal(np.asarray(uncorrected), raw)


def test_a_converted_slide_is_an_array(stored: Slide) -> None:
    level = stored.level(1)
    assert level.shape == (750, 1150, 3)
    whole = np.asarray(level)
    assert np.array_equal(whole, stored.get_image_region((0, 0), 1, (750, 1150)))
    assert np.array_equal(level[10:700:7, -5:20:-3], whole[10:700:7, -5:20:-3])
    assert np.array_equal(dask.array.from_array(level, chunks=level.chunks).compute(), whole)


def test_zarr_reads_a_converted_slide(stored: Slide) -> None:
    store = stored.to_zarr()
    group = zarr.open_group(store, mode="r")
    (found,) = group.attrs.asdict()["ome"]["multiscales"]  # type: ignore[index, union-attr, misc]
    scales = [dataset["coordinateTransformations"][0]["scale"] for dataset in found["datasets"]]
    assert np.allclose(scales, [[1, 0.5, 0.5], [1, 1, 1], [1, 2, 2]])
    for number in range(stored.num_levels):
        array = dask.array.from_zarr(store, component=str(number))
        assert array.shape[1:] == stored.total_pixel_matrix_dimensions[number]
        assert array.chunksize == (3, 256, 256)
        assert np.array_equal(array.compute().transpose(1, 2, 0), stored.level(number)[:])


def test_processes_of_dask_read_a_converted_slide(stored: Slide) -> None:
    array = dask.array.from_zarr(stored.to_zarr(), component="2")
    assert np.array_equal(
        array.compute(scheduler="processes", num_workers=1).transpose(1, 2, 0), np.asarray(stored.level(2))
    )


def test_naming_an_array_does_not_pickle_its_client(slide: Slide) -> None:
    """A client of dicomweb-client that was pickled has lost its database, the one that it was pickled from as well."""
    dask.array.from_array(slide.level(1), chunks=slide.level(1).chunks)
    copied = slide.with_correct_color(False).get_volume_images()[0].get_total_pixel_matrix(correct_color=False)
    assert copied.shape == (1500, 2300, 3)


def test_channels_of_another_kind_are_arrays_of_their_own(tmp_path: Path) -> None:
    """Segments are bits, and no group of NGFF has arrays of two types for one level."""
    pixels = picture(64, 48)
    base = save_level(tmp_path, pixels)
    save_level(tmp_path, np.ascontiguousarray(pixels[::2, ::2]), spacing=0.002)
    mask = pixels[..., 0] > 128
    segmentation(base, [mask], "TILED_FULL").save_as(tmp_path / "segmentation.dcm")
    (slide,) = find_slides(FolderClient(tmp_path))
    assert slide.num_channels == 2
    group = zarr.open_group(slide.with_correct_color(False).to_zarr(name="both"), mode="r")
    arrays = dict(group.arrays())
    assert {name: array.shape for name, array in arrays.items()} == {"0": (3, 48, 64), "1": (3, 24, 32)}
    assert np.array_equal(np.asarray(arrays["0"]).transpose(1, 2, 0), pixels)
    segment = slide.level(0, 1)
    assert segment.dtype == np.bool_
    assert np.array_equal(segment[..., 0], mask)


def test_levels_that_not_all_channels_have_are_left_out(tmp_path: Path) -> None:
    """As a colour thumbnail of two gray channels."""
    pixels = picture(64, 48, samples=1, bits=16)
    names = ("1", "2")
    frames = [tile for _ in names for tile in tiles_of(pixels, EDGE)]
    data = level(pixels, OpticalPathSequence=optical_paths(*names), NumberOfOpticalPaths=2)
    data.NumberOfFrames = len(frames)
    save(tmp_path, data, frames)
    save_level(tmp_path, picture(16, 12), flavor="THUMBNAIL", spacing=0.004)
    (slide,) = find_slides(FolderClient(tmp_path))
    assert (slide.num_levels, slide.num_channels) == (2, 2)
    group = zarr.open_group(slide.to_zarr(), mode="r")
    arrays = dict(group.arrays())
    assert list(arrays) == ["0"]
    assert np.array_equal(np.asarray(arrays["0"]), np.stack([pixels[..., 0]] * 2))
