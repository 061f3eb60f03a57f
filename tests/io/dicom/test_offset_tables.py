"""Which offset table stands in a file: what was asked for, and never two."""

import io

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import generate_frames, parse_basic_offsets

from pipeline.io.dicom.concatenation import Part
from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.dicom.header import instance_header
from pipeline.model.errors import ConfigError
from pipeline.model.geometry import TileGrid
from pipeline.model.offset_table import OffsetTable
from tests.io.dicom.plans import file_bytes, instance_plan, slide_plan

FRAMES = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=60)


@given(frames=FRAMES, kind=st.sampled_from(OffsetTable))
def test_frames_are_found_whatever_the_table(frames: list[bytes], kind: OffsetTable) -> None:
    instance = instance_plan(grid=TileGrid(240 * len(frames), 240, 240, 240), offset_table=kind)
    data = file_bytes(slide_plan(instance), instance, frames)
    dataset = pydicom.dcmread(io.BytesIO(data))
    basic = parse_basic_offsets(dataset.PixelData)
    assert ("ExtendedOffsetTable" in dataset) == (kind is OffsetTable.EXTENDED)
    assert bool(basic) == (kind in (OffsetTable.AUTO, OffsetTable.BASIC))
    extended = None
    if kind is OffsetTable.EXTENDED:
        extended = dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths
    read = list(generate_frames(dataset.PixelData, number_of_frames=len(frames), extended_offsets=extended))
    assert [found[: len(frame)] for found, frame in zip(read, frames, strict=True)] == frames
    index = FrameIndex.read(io.BytesIO(data))
    places = zip(index.offsets.tolist(), frames, strict=True)
    assert [data[at : at + len(frame)] for at, frame in places] == frames


@given(lengths=st.lists(st.integers(1, 2**30).map(lambda n: 2 * n), min_size=1, max_size=40), data=st.data())
def test_a_part_indexes_its_own_frames(lengths: list[int], data: st.DataObject) -> None:
    """From its first one on (C.7.6.3.1.8), in 32 bits where that will do, though the whole is larger."""
    first = data.draw(st.integers(0, len(lengths) - 1))
    instance = instance_plan(grid=TileGrid(240 * len(lengths), 240, 240, 240))
    part = Part(2, 3, first, len(lengths) - first)
    own = np.array(lengths[part.places], np.uint32)
    plan = slide_plan(instance)
    header = instance_header(plan, instance, item_lengths=own, frame_lengths=own, part=part, stored_bytes=sum(lengths))
    offsets = [sum(lengths[first:end]) + 8 * (end - first) for end in range(first, len(lengths))]
    if offsets[-1] < 2**32:
        table = b"".join(offset.to_bytes(4, "little") for offset in offsets)
        assert header.endswith(b"\xfe\xff\x00\xe0" + len(table).to_bytes(4, "little") + table)
        return
    dataset = pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True)
    assert np.frombuffer(dataset.ExtendedOffsetTable, "<u8").tolist() == offsets
    assert np.frombuffer(dataset.ExtendedOffsetTableLengths, "<u8").tolist() == own.tolist()


@pytest.mark.parametrize("kind", OffsetTable)
def test_beyond_32_bits(kind: OffsetTable) -> None:
    """Only the table that was asked for in 32 bits is not to be had."""
    instance = instance_plan(grid=TileGrid(240 * 3, 240, 240, 240), offset_table=kind)
    lengths = np.array([2**31, 2**31, 2], np.uint32)
    if kind is OffsetTable.BASIC:
        with pytest.raises(ConfigError, match=r"level-0: a frame begins 4294967312 bytes .* 32 bits do not hold"):
            instance_header(slide_plan(instance), instance, item_lengths=lengths, frame_lengths=lengths)
        return
    header = instance_header(slide_plan(instance), instance, item_lengths=lengths, frame_lengths=lengths)
    dataset = pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True)
    assert ("ExtendedOffsetTable" in dataset) == (kind is not OffsetTable.EMPTY)
    assert header.endswith(b"\xff\xff\xff\xff\xfe\xff\x00\xe0\0\0\0\0")
