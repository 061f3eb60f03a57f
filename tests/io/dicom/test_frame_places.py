"""The place of each frame in TILED_SPARSE, as pydicom reads it."""

import io

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import keyword_for_tag

from pipeline.io.dicom.concatenation import Part
from pipeline.io.dicom.frame_places import FramePlaces, per_frame_groups
from pipeline.io.dicom.header import instance_header
from pipeline.io.dicom.placement import ORIENTATION
from pipeline.model.geometry import TileGrid
from pipeline.model.plan import InstancePlan, SlidePlan, TileOrganization
from pipeline.model.source import OpticalPathFacts, ScannerFacts
from tests.io.dicom.plans import gray_plan, slide_plan

TILE = (48, 32)
"""Columns and rows."""


@st.composite
def sparse_instances(draw: st.DrawFn) -> tuple[SlidePlan, InstancePlan, FramePlaces]:
    """Draw an instance of some optical paths of a slide, some focal planes, and the places of some of its frames."""
    paths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=3, unique=True).map(sorted))
    heights = draw(st.lists(st.integers(-5_000_000, 5_000_000), min_size=1, max_size=4, unique=True).map(sorted))
    grid = TileGrid(draw(st.integers(1, 100_000)), draw(st.integers(1, 100_000)), *TILE)
    planes = len(paths) * len(heights)
    frames = draw(st.lists(st.integers(0, grid.frames * planes - 1), min_size=1, max_size=20, unique=True).map(sorted))
    spacing = draw(st.tuples(*[st.floats(1e-5, 0.01)] * 2))
    instance = gray_plan(
        grid=grid,
        optical_paths=tuple(paths),
        focal_planes=len(heights),
        organization=TileOrganization.SPARSE,
        stored_frames=len(frames),
        pixel_spacing_mm=spacing,
    )
    facts = ScannerFacts(pixel_spacing_mm=spacing, origin_mm=draw(st.tuples(st.floats(-10, 25), st.floats(-10, 75))))
    plan = slide_plan(
        instance,
        facts=facts,
        optical_paths=(OpticalPathFacts(),) * 13,
        focal_plane_offsets_um=tuple(height / 1000 for height in heights),
        icc_profile=b"",
    )
    tiles_of = np.array(frames) % grid.frames, np.array(frames) // grid.frames
    return plan, instance, FramePlaces(*tiles_of)


def parsed(data: bytes) -> Dataset:
    """Read a data set of explicit VR little endian, as pydicom does."""
    return pydicom.filereader.read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)


@given(sparse_instances())
def test_pydicom_finds_each_frame_where_it_lies(drawn: tuple[SlidePlan, InstancePlan, FramePlaces]) -> None:
    plan, instance, places = drawn
    groups = parsed(per_frame_groups(plan, instance, places)).PerFrameFunctionalGroupsSequence
    assert len(groups) == len(places.tiles)
    origin = plan.facts.origin_mm
    assert origin is not None
    assert instance.pixel_spacing_mm is not None
    between_rows, between_columns = instance.pixel_spacing_mm
    for group, tile, plane in zip(groups, places.tiles.tolist(), places.planes.tolist(), strict=True):
        column, row = instance.grid.position(tile)
        path, focal_plane = divmod(plane, instance.focal_planes)
        at = group.PlanePositionSlideSequence[0]
        assert at.ColumnPositionInTotalImagePixelMatrix == column + 1
        assert at.RowPositionInTotalImagePixelMatrix == row + 1
        along, down = column * between_columns, row * between_rows
        assert float(at.XOffsetInSlideCoordinateSystem) == pytest.approx(
            origin[0] + along * ORIENTATION[0] + down * ORIENTATION[3], abs=1e-8
        )
        assert float(at.YOffsetInSlideCoordinateSystem) == pytest.approx(
            origin[1] + along * ORIENTATION[1] + down * ORIENTATION[4], abs=1e-8
        )
        # X and Y are millimetres, Z is micrometres (PS3.3 C.8.12.6.1).
        assert float(at.ZOffsetInSlideCoordinateSystem) == pytest.approx(
            plan.focal_plane_offsets_um[focal_plane], abs=1e-8
        )
        indexes = [row // TILE[1] + 1, column // TILE[0] + 1]
        if instance.focal_planes > 1:
            indexes.insert(0, focal_plane + 1)
        if len(instance.optical_paths) > 1:
            indexes.insert(0, path + 1)
            own = group.OpticalPathIdentificationSequence[0].OpticalPathIdentifier
            assert own == str(instance.optical_paths[path])
        else:
            assert "OpticalPathIdentificationSequence" not in group
        assert np.atleast_1d(group.FrameContentSequence[0].DimensionIndexValues).tolist() == indexes


@given(sparse_instances(), st.data())
def test_the_whole_header_is_as_pydicom_would_write_it(
    drawn: tuple[SlidePlan, InstancePlan, FramePlaces], data: st.DataObject
) -> None:
    """Of the whole instance or of a part: an index for each pointer, decimal strings of 16 characters."""
    plan, instance, places = drawn
    first = data.draw(st.integers(0, instance.frames - 1))
    part = Part(1, 1, 0, instance.frames) if first == 0 else Part(2, 2, first, instance.frames - first)
    lengths = np.full(part.frames, instance.frame_bytes, np.uint32)
    header = instance_header(plan, instance, item_lengths=lengths, frame_lengths=lengths, part=part, places=places)
    dataset = pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True)
    assert [element.tag for element in dataset] == sorted(element.tag for element in dataset)
    groups = dataset.PerFrameFunctionalGroupsSequence
    assert len(groups) == dataset.NumberOfFrames == part.frames
    pointers = [keyword_for_tag(item.DimensionIndexPointer) for item in dataset.DimensionIndexSequence]
    for group in groups:
        assert len(group.FrameContentSequence[0].DimensionIndexValues) == len(pointers)
        for element in group.PlanePositionSlideSequence[0]:
            assert element.VR != "DS" or len(element.value.original_string) <= 16
    whole = per_frame_groups(plan, instance, places)
    rest = per_frame_groups(plan, instance, places.part(part.places))
    assert whole.endswith(rest[12:])
    assert rest in header


def test_a_frame_takes_the_same_bytes_wherever_it_lies() -> None:
    """So that the header's length, and with it where frames begin, is known before one of them is there."""
    instance = gray_plan(organization=TileOrganization.SPARSE, grid=TileGrid(10**6, 10**6, *TILE))
    plan = slide_plan(instance, icc_profile=b"")
    one, other = (
        per_frame_groups(plan, instance, FramePlaces(np.array([tile]), np.array([0])))
        for tile in (0, instance.grid.frames - 1)
    )
    assert len(one) == len(other) < 350
