"""Slides as OME-NGFF: zarr-python and dask read what the levels hold, and the metadata say where it lies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.io.reader.source_slide import SourceSlide, open_slide
from tests.sample import build_sample_slide

STACKS = (
    "synthetic/SYN-brightfield-z5.ome.tif",
    "ome-tiff/multi-channel-z-series.ome.tif",
    "ome-tiff/qupath-cells-2c.ome.tif",
    "zeiss-czi/mosaic_test.czi",
    "dicom/BPAEC",
)
"""Colour in focal planes, gray channels in focal planes, gray channels, 16 bits, and a DICOM series."""


@pytest.fixture(scope="module")
def slide(sample_slide: Path) -> Iterator[SourceSlide]:
    """Return the sample slide, open."""
    with open_slide(sample_slide) as opened:
        yield opened


def multiscales(slide: SourceSlide) -> dict[str, Any]:
    """Return what the group of a slide says of its levels."""
    group = zarr.open_group(slide.to_zarr(), mode="r")
    (found,) = group.attrs.asdict()["ome"]["multiscales"]
    return dict(found)


def level_of(slide: SourceSlide, number: int) -> NDArray[Any]:
    """Put a level together plane by plane, in the order of the array's axes."""
    channels = []
    for channel in range(slide.num_channels):
        planes = [np.asarray(slide.level(number, channel, plane)) for plane in range(slide.num_focal_planes)]
        channels.append(np.stack(planes).transpose(3, 0, 1, 2))
    pixels = np.concatenate(channels)
    return pixels if slide.num_focal_planes > 1 else pixels[:, 0]


def test_zarr_reads_every_level(slide: SourceSlide) -> None:
    group = zarr.open(slide.to_zarr(), mode="r")
    assert isinstance(group, zarr.Group)
    assert sorted(group.array_keys()) == ["0", "1", "2"]
    for number in range(slide.num_levels):
        array = group[str(number)]
        assert isinstance(array, zarr.Array)
        assert array.shape == (3, *slide.total_pixel_matrix_dimensions[number])
        assert array.dtype == np.uint8
        assert np.array_equal(array[:], level_of(slide, number))


def test_chunks_are_tiles(slide: SourceSlide) -> None:
    base = zarr.open_array(slide.to_zarr(), path="0", mode="r")
    assert base.chunks == (3, 240, 240)
    assert base.metadata.dimension_names == ("c", "y", "x")  # type: ignore[union-attr]
    smallest = zarr.open_array(slide.to_zarr(), path="2", mode="r")
    assert smallest.chunks == smallest.shape == (3, 143, 181)


@given(
    top=st.integers(0, 570),
    left=st.integers(0, 720),
    rows=st.integers(1, 300),
    columns=st.integers(1, 300),
    steps=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_any_selection_is_that_of_the_level(
    slide: SourceSlide, top: int, left: int, rows: int, columns: int, steps: tuple[int, int]
) -> None:
    array = zarr.open_array(slide.to_zarr(), path="1", mode="r")
    key = (slice(top, top + rows, steps[0]), slice(left, left + columns, steps[1]))
    assert np.array_equal(array[(1, *key)], slide.level(1)[(*key, 1)])


def test_dask_computes_with_a_level(slide: SourceSlide) -> None:
    array = dask.array.from_zarr(slide.to_zarr(), component="1")
    assert array.chunksize == (3, 240, 240)
    whole = level_of(slide, 1)
    assert np.array_equal(array.compute(), whole)
    assert np.array_equal(array[:, 100:500:7, ::-3].compute(), whole[:, 100:500:7, ::-3])
    assert np.allclose(array.mean((1, 2)).compute(), whole.mean((1, 2)))


def test_dask_computes_in_processes(slide: SourceSlide) -> None:
    """The store goes to each process, which opens the slide again."""
    array = dask.array.from_zarr(slide.to_zarr(), component="2")
    assert np.array_equal(array.compute(scheduler="processes", num_workers=1), level_of(slide, 2))


def test_viewers_find_levels_by_their_paths(slide: SourceSlide) -> None:
    """As those of OME-NGFF do: the datasets of the multiscales, largest first."""
    group = zarr.open_group(slide.to_zarr(), mode="r")
    levels = [dask.array.from_zarr(group[dataset["path"]]) for dataset in multiscales(slide)["datasets"]]
    assert [level.shape[1:] for level in levels] == list(slide.total_pixel_matrix_dimensions)
    assert np.array_equal(levels[-1].compute(), level_of(slide, 2))


@pytest.mark.parametrize("name", STACKS)
def test_channels_and_focal_planes_are_axes(shared_slides: Path, name: str) -> None:
    with open_slide(shared_slides / name) as slide:
        smallest = slide.num_levels - 1
        array = zarr.open_array(slide.to_zarr(), path=str(smallest), mode="r")
        expected = level_of(slide, smallest)
        assert array.dtype == expected.dtype
        assert np.array_equal(array[:], expected)
        axes = [axis["name"] for axis in multiscales(slide)["axes"]]
        assert axes == (["c", "z", "y", "x"] if slide.num_focal_planes > 1 else ["c", "y", "x"])
        assert list(array.metadata.dimension_names) == axes  # type: ignore[union-attr]


def test_scales_are_in_micrometres(slide: SourceSlide) -> None:
    """A level's first pixel is the mean of several of the base: its centre is half of what they are more further in."""
    found = multiscales(slide)
    assert found["axes"] == [
        {"name": "c", "type": "channel"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    scales, translations = zip(*(dataset["coordinateTransformations"] for dataset in found["datasets"]), strict=True)
    assert np.allclose([scale["scale"] for scale in scales], [(1, size, size) for size in (0.499, 1.996, 7.984)])
    assert {scale["type"] for scale in scales} == {"scale"}
    shifts = [(0, shift, shift) for shift in (0, 1.5 * 0.499, 7.5 * 0.499)]
    assert np.allclose([translation["translation"] for translation in translations], shifts)
    assert {translation["type"] for translation in translations} == {"translation"}
    assert found["name"] == "sample.svs"


def test_focal_planes_are_in_micrometres(shared_slides: Path) -> None:
    with open_slide(shared_slides / "synthetic" / "SYN-ndpi-z3.ndpi") as slide:
        scale, translation = multiscales(slide)["datasets"][0]["coordinateTransformations"]
        assert scale["scale"][:2] == [1, 2]
        assert translation["translation"][:2] == [0, -2]


def test_without_a_spacing_scales_are_pixels_of_the_base(tmp_path: Path) -> None:
    path = build_sample_slide(
        tmp_path / "bare.svs", columns=800, rows=640, associated=False, micrometres_per_pixel=None
    )
    with open_slide(path) as slide:
        found = multiscales(slide)
        assert [axis.get("unit") for axis in found["axes"]] == [None, None, None]
        scales = [dataset["coordinateTransformations"][0]["scale"] for dataset in found["datasets"]]
        assert scales == [[1, 1, 1], [1, 4, 4], [1, 16, 16]]


def test_channels_have_names_and_colours(slide: SourceSlide, shared_slides: Path) -> None:
    def shown(opened: SourceSlide) -> list[tuple[str, str]]:
        channels = zarr.open_group(opened.to_zarr(), mode="r").attrs.asdict()["ome"]["omero"]["channels"]
        assert all(channel["active"] for channel in channels)
        return [(channel["label"], channel["color"]) for channel in channels]

    assert shown(slide) == [("R", "FF0000"), ("G", "00FF00"), ("B", "0000FF")]
    with open_slide(shared_slides / "ome-tiff" / "qupath-cells-2c.ome.tif") as stack:
        assert shown(stack) == [
            (path.name or str(number), "FFFFFF") for number, path in enumerate(stack.description.optical_paths)
        ]


def test_missing_tiles_are_filled(tmp_path: Path) -> None:
    path = build_sample_slide(tmp_path / "gaps.svs", columns=700, rows=500, associated=False, empty_tiles=[0, 4])
    with open_slide(path) as slide:
        array = zarr.open_array(slide.to_zarr(), path="0", mode="r")
        assert (np.asarray(array[:, :240, :240]) == 255).all()
        assert np.array_equal(array[:], level_of(slide, 0))
