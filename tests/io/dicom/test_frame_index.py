"""Frames of a written file are found again, and a file that is damaged is told and never misread."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.dicom.plans import as_item as encoded_item
from tests.io.dicom.plans import encoded_frames, file_bytes, gray_plan, instance_plan, slide_plan

INSTANCE = instance_plan()
FRAMES = encoded_frames(INSTANCE)
LEVEL = file_bytes(slide_plan(INSTANCE), INSTANCE, FRAMES)
EXTENDED = file_bytes(slide_plan(INSTANCE), INSTANCE, FRAMES, largest_basic_offset=0)
NATIVE_INSTANCE = gray_plan(bits=16)
NATIVE = file_bytes(slide_plan(NATIVE_INSTANCE), NATIVE_INSTANCE, encoded_frames(NATIVE_INSTANCE))
FILES = {"basic": LEVEL, "extended": EXTENDED, "native": NATIVE}
PIXEL_DATA = LEVEL.index(b"\xe0\x7f\x10\x00OB")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a file descriptor."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_all(path: Path) -> list[bytes]:
    """Read every frame of a file through its index."""
    index = FrameIndex.read(path)
    with opened(path) as descriptor:
        return [index.read_frame(descriptor, frame) for frame in range(index.frames)]


def saved(path: Path, data: bytes) -> Path:
    """Write data to a file."""
    path.write_bytes(data)
    return path


def test_it_says_what_the_frames_are() -> None:
    index = FrameIndex.read(io.BytesIO(LEVEL))
    assert index.transfer_syntax == TransferSyntax.JPEG_BASELINE.value
    assert (index.rows, index.columns, index.samples, index.bits, index.frames) == (240, 240, 3, 8, 9)
    assert (index.photometric, index.encapsulated) == ("RGB", True)


def test_frames_of_a_basic_table_come_with_their_padding(tmp_path: Path) -> None:
    frames = read_all(saved(tmp_path / "a.dcm", LEVEL))
    assert frames == [frame + b"\0" * (len(frame) % 2) for frame in FRAMES]


def test_frames_of_an_extended_table_come_with_their_padding(tmp_path: Path) -> None:
    padded = [frame + b"\0" * (len(frame) % 2) for frame in FRAMES]
    assert read_all(saved(tmp_path / "a.dcm", EXTENDED)) == padded


def test_native_frames_are_cut_by_their_size(tmp_path: Path) -> None:
    assert read_all(saved(tmp_path / "a.dcm", NATIVE)) == encoded_frames(NATIVE_INSTANCE)


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=40), st.sampled_from([0, 2**32 - 1]))
def test_any_frames_are_where_the_index_says(frames: list[bytes], largest: int) -> None:
    instance = instance_plan(grid=TileGrid(240 * len(frames), 240, 240, 240))
    data = file_bytes(slide_plan(instance), instance, frames, largest_basic_offset=largest)
    index = FrameIndex.read(io.BytesIO(data))
    found = [data[o : o + n] for o, n in zip(index.offsets.tolist(), index.lengths.tolist(), strict=True)]
    assert [f[: len(frame)] for f, frame in zip(found, frames, strict=True)] == frames
    assert all(len(f) - len(frame) in (0, 1) for f, frame in zip(found, frames, strict=True))


@pytest.mark.parametrize("name", FILES)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_short_is_told(name: str, cut: float) -> None:
    data = FILES[name]
    behind_the_frames = 8 if name == "extended" else 0
    kept = int((len(data) - behind_the_frames) * cut)
    with pytest.raises(SourceError):
        FrameIndex.read(io.BytesIO(data[:kept]))


@pytest.mark.parametrize("name", ["basic", "extended"])
@given(place=st.integers(0, 43), value=st.integers(0, 255))
def test_a_damaged_table_is_told_or_leads_to_no_other_frame(
    name: str, place: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = bytearray(FILES[name])
    table = damaged.index(b"\xe0\x7f\x01\x00OV") if name == "extended" else PIXEL_DATA
    damaged[table + 12 + place] = value
    path = saved(tmp_path_factory.mktemp("damaged") / "a.dcm", bytes(damaged))
    with contextlib.suppress(SourceError):
        read = read_all(path)
        assert [frame[: len(f)] for frame, f in zip(read, FRAMES, strict=True)] == FRAMES


def test_a_table_of_another_number_of_frames_is_told() -> None:
    with pytest.raises(SourceError, match="9 frames and a Basic Offset Table of 32 bytes"):
        FrameIndex.read(io.BytesIO(LEVEL.replace(b"\x24\0\0\0" + bytes(4), b"\x20\0\0\0" + bytes(4), 1)))


def without_table() -> bytes:
    """Return the level without its Basic Offset Table."""
    return LEVEL[: PIXEL_DATA + 16] + bytes(4) + LEVEL[PIXEL_DATA + 20 + 4 * len(FRAMES) :]


def test_without_a_table_the_items_are_followed(tmp_path: Path) -> None:
    found = read_all(saved(tmp_path / "f.dcm", without_table()))
    assert [data[: len(frame)] for data, frame in zip(found, FRAMES, strict=True)] == FRAMES


@pytest.mark.parametrize(("items", "reason"), [(-1, "and 8 items"), (1, "more items than frames")])
def test_without_a_table_an_item_is_a_frame(items: int, reason: str) -> None:
    """A frame less, or an item that may be a second fragment: nobody can tell which frames begin where."""
    data, last = without_table()[:-8], encoded_item(FRAMES[-1])
    changed = data[: -len(last)] if items < 0 else data + last
    with pytest.raises(SourceError, match=f"no offset table .*{reason}"):
        FrameIndex.read(io.BytesIO(changed + LEVEL[-8:]))


def test_one_frame_needs_no_table(tmp_path: Path) -> None:
    instance = instance_plan(grid=TileGrid(240, 240, 240, 240))
    data = file_bytes(slide_plan(instance), instance, FRAMES[:1])
    start = data.index(b"\xe0\x7f\x10\x00OB") + 12
    without = data[: start + 4] + bytes(4) + data[start + 12 :]
    assert read_all(saved(tmp_path / "a.dcm", without))[0][: len(FRAMES[0])] == FRAMES[0]


@pytest.mark.parametrize("data", [b"", b"not DICOM", bytes(128) + b"DICM", LEVEL[:PIXEL_DATA]])
def test_what_is_no_dicom_image_is_told(data: bytes) -> None:
    with pytest.raises(SourceError):
        FrameIndex.read(io.BytesIO(data))


def test_a_missing_file_is_the_system_s_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FrameIndex.read(tmp_path / "none.dcm")


def test_a_real_file_of_another_writer_is_indexed(shared_slides: Path) -> None:
    path = shared_slides / "dicom" / "highdicom-sm_image.dcm"
    index = FrameIndex.read(path)
    assert (index.frames, index.encapsulated) == (25, False)
    assert np.diff(index.offsets.astype(np.int64)).tolist() == [index.rows * index.columns * index.samples] * 24
