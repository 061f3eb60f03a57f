"""Header, items and trailer make a file whose offset table leads to every frame, basic or extended."""

import io
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import generate_frames, parse_basic_offsets

from pipeline.io.dicom.header import MAX_NATIVE_BYTES, instance_header, instance_trailer
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.geometry import TileGrid
from pipeline.model.plan import InstancePlan
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.dicom.plans import file_bytes, gray_plan, instance_plan, slide_plan

CHECKOUT = Path(__file__).resolve().parents[3]
FRAMES = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=300)
LARGEST_BASIC_OFFSETS = st.sampled_from([0, 50, 2**32 - 1])


def row_of(frames: int) -> InstancePlan:
    """Return the plan of a level of one row of tiles."""
    return instance_plan(grid=TileGrid(240 * frames, 240, 240, 240))


@given(frames=FRAMES, largest=LARGEST_BASIC_OFFSETS)
def test_pydicom_finds_each_frame_through_the_offset_table(frames: list[bytes], largest: int) -> None:
    instance = row_of(len(frames))
    data = file_bytes(slide_plan(instance), instance, frames, largest_basic_offset=largest)
    dataset = pydicom.dcmread(io.BytesIO(data))
    basic = parse_basic_offsets(dataset.PixelData)
    extended = None
    if "ExtendedOffsetTable" in dataset:
        assert basic == [], "an Extended Offset Table stands beside an empty basic one"
        extended = dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths
    offsets = np.frombuffer(extended[0], "<u8").tolist() if extended else basic
    assert (extended is not None) == (offsets[-1] > largest)
    read = list(generate_frames(dataset.PixelData, number_of_frames=len(frames), extended_offsets=extended))
    assert [found[: len(frame)] for found, frame in zip(read, frames, strict=True)] == frames
    assert all(len(found) == len(frame) + len(frame) % 2 for found, frame in zip(read, frames, strict=True))
    assert data.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")


@given(st.lists(st.integers(1, 2**32 - 2), min_size=2, max_size=50), st.randoms())
def test_the_header_s_length_does_not_depend_on_the_lengths_of_passing_frames(
    lengths: list[int], random: Random
) -> None:
    instance = row_of(len(lengths))
    plan = slide_plan(instance)
    fit_in_32_bits = np.array(lengths, np.uint64) // np.uint64(len(lengths))
    shuffled = fit_in_32_bits.tolist()
    random.shuffle(shuffled)
    headers = [
        instance_header(plan, instance, item_lengths=items + items % 2, frame_lengths=items)
        for items in (fit_in_32_bits.astype(np.uint32), np.array(shuffled, np.uint32))
    ]
    assert len(headers[0]) == len(headers[1])


def test_offsets_beyond_32_bits_go_into_an_extended_table() -> None:
    instance = row_of(3)
    lengths = np.array([2**31, 2**31, 2**31 - 2], np.uint32)
    header = instance_header(slide_plan(instance), instance, item_lengths=lengths, frame_lengths=lengths)
    dataset = pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True)
    assert np.frombuffer(dataset.ExtendedOffsetTable, "<u8").tolist() == [0, 2**31 + 8, 2**32 + 16]
    assert np.frombuffer(dataset.ExtendedOffsetTableLengths, "<u8").tolist() == lengths.tolist()
    assert header.endswith(b"\xff\xff\xff\xff\xfe\xff\x00\xe0\0\0\0\0")


def test_a_header_of_100_000_frames_holds_their_table() -> None:
    instance = instance_plan(grid=TileGrid(240 * 400, 240 * 250, 240, 240))
    lengths = np.full(100_000, 20_000, np.uint32)
    header = instance_header(slide_plan(instance), instance, item_lengths=lengths, frame_lengths=lengths)
    table = np.frombuffer(header[-400_000:], "<u4")
    assert table.tolist() == list(range(0, 100_000 * 20_008, 20_008))


@pytest.mark.parametrize(("bits", "vr"), [(8, b"OB"), (16, b"OW")])
def test_native_pixel_data_has_the_vr_of_its_bits(bits: int, vr: bytes) -> None:
    instance = gray_plan(bits=bits, grid=TileGrid(3, 3, 3, 3))
    frame = bytes(9 * bits // 8)
    data = file_bytes(slide_plan(instance), instance, [frame])
    element = data[-(len(frame) + len(frame) % 2 + 12) :]
    assert element[:8] == b"\xe0\x7f\x10\x00" + vr + b"\0\0"
    assert int.from_bytes(element[8:12], "little") == len(element) - 12
    assert len(element) % 2 == 0


def test_native_pixel_data_has_a_limit() -> None:
    fits = gray_plan(grid=TileGrid(2 * 2**15, 2**16 - 1, 2**15, 2**16 - 1))
    assert MAX_NATIVE_BYTES - 2**16 < fits.frame_bytes * 2 <= MAX_NATIVE_BYTES
    lengths = np.full(2, fits.frame_bytes, np.uint32)
    header = instance_header(slide_plan(fits), fits, item_lengths=lengths, frame_lengths=lengths)
    assert int.from_bytes(header[-4:], "little") == fits.frame_bytes * 2
    too_large = gray_plan(grid=TileGrid(2**16, 2**16, 2**15, 2**15))
    lengths = np.full(4, too_large.frame_bytes, np.uint32)
    with pytest.raises(ConfigError, match="--transfer-syntax"):
        instance_header(slide_plan(too_large), too_large, item_lengths=lengths, frame_lengths=lengths)


def test_lengths_of_other_frames_than_the_planned_are_refused() -> None:
    instance = row_of(3)
    lengths = np.ones(2, np.uint32)
    with pytest.raises(StorageError, match="3 frames are planned, 2"):
        instance_header(slide_plan(instance), instance, item_lengths=lengths, frame_lengths=lengths)


def test_the_file_meta_names_syntax_and_writer() -> None:
    instance = row_of(1)
    meta = pydicom.dcmread(io.BytesIO(file_bytes(slide_plan(instance), instance, [b"12"]))).file_meta
    assert meta.TransferSyntaxUID == TransferSyntax.JPEG_BASELINE.value
    assert meta.MediaStorageSOPInstanceUID == instance.sop_instance_uid
    version_name = str(meta.ImplementationVersionName)
    assert version_name.startswith("SLIDEBEAM_")
    assert len(version_name) <= 16


def test_the_trailer_pads_odd_native_pixel_data() -> None:
    assert instance_trailer(gray_plan(), 7) == b"\0"
    assert instance_trailer(gray_plan(), 8) == b""


def test_another_process_writes_the_same_bytes() -> None:
    program = (
        "import hashlib; from tests.io.dicom.plans import *; i = instance_plan();"
        "print(hashlib.sha256(file_bytes(slide_plan(i), i, [b'12'] * 9)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1
