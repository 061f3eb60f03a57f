"""Damaged and hostile files: one line that names the file, or pixels; in bounded memory, and never a crash."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.model.errors import SlidebeamError, SourceError, TileError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.sources.damage import flip_bytes, read_all
from tests.io.sources.dicom.instances import (
    EDGE,
    JPEG,
    JPEG_2000,
    coded,
    gray,
    header,
    native,
    optical_paths,
    per_frame,
    picture,
    tiles_of,
    write,
)

COLUMNS, ROWS = 40, 23
TILES = tiles_of(picture(COLUMNS, ROWS))
PLACES = [{"x": number % 3 * EDGE, "y": number // 3 * EDGE, "path": "0"} for number in range(6)]
KINDS = ["basic", "extended", "none", "fragments", "sparse", "native", "implicit"]
LIMITED = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def slide(kind: str, folder: Path) -> Path:
    """Write a file of a kind."""
    path = folder / "slide.dcm"
    if kind in ("native", "implicit"):
        syntax = "1.2.840.10008.1.2.1" if kind == "native" else "1.2.840.10008.1.2"
        return write(path, header(COLUMNS, ROWS), native(TILES), syntax=syntax)
    data = header(COLUMNS, ROWS, OpticalPathSequence=optical_paths("0"))
    if kind == "sparse":
        data.DimensionOrganizationType = "TILED_SPARSE"
        data.PerFrameFunctionalGroupsSequence = per_frame(PLACES)
    frames = coded(TILES, TransferSyntax.JPEG_BASELINE)
    table = kind if kind in ("basic", "extended", "none") else "basic"
    return write(path, data, frames, syntax=JPEG, table=table, fragments=3 if kind == "fragments" else 1)


def is_told(error: SlidebeamError | None) -> bool:
    """Whether an error is one line that names the file."""
    return error is not None and "slide.dcm" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_are_read(tmp_path: Path, kind: str) -> None:
    assert read_all(slide(kind, tmp_path)) is None


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1, exclude_max=True))
@LIMITED
def test_a_file_that_was_cut_is_refused_by_name(tmp_path: Path, kind: str, share: float) -> None:
    path = slide(kind, tmp_path)
    data = path.read_bytes()
    behind = 8 if kind == "extended" else 0  # its table tells all but that the sequence ends
    path.write_bytes(data[: int((len(data) - behind) * share)])
    error = read_all(path)
    assert isinstance(error, SourceError | TileError)
    assert is_told(error)


@pytest.mark.parametrize("kind", KINDS)
@given(changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=6))
@LIMITED
def test_turned_bits_are_an_error_of_ours_or_pixels(tmp_path: Path, kind: str, changes: list[tuple[int, int]]) -> None:
    path = slide(kind, tmp_path)
    path.write_bytes(flip_bytes(path.read_bytes(), changes))
    error = read_all(path)
    assert error is None or is_told(error)


@pytest.mark.parametrize("kind", KINDS)
@given(place=st.floats(0, 1), value=st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0]))
@LIMITED
def test_hostile_lengths_take_no_memory(tmp_path: Path, kind: str, place: float, value: int) -> None:
    path = slide(kind, tmp_path)
    data = bytearray(path.read_bytes())
    pixels = data.index(b"\xe0\x7f\x10\x00") + 40
    struct.pack_into("<I", data, 132 + int(place * (pixels - 136)), value)
    path.write_bytes(data)
    error = read_all(path)
    assert error is None or is_told(error)


def test_an_item_as_large_as_the_file_is_no_frame(tmp_path: Path) -> None:
    """What a header promises does not decide how much is read."""
    frame = coded(TILES[:1], TransferSyntax.JPEG_2000_LOSSLESS)[0]
    path = write(tmp_path / "slide.dcm", header(EDGE, EDGE), [frame + bytes(3 << 20)], syntax=JPEG_2000)
    with pytest.raises(SourceError, match="more than its pixels can need"):
        open_source(str(path))


def test_more_items_than_frames_are_not_followed_for_ever(tmp_path: Path) -> None:
    path = write(tmp_path / "slide.dcm", header(EDGE, EDGE, **gray()), [bytes(4)], syntax=JPEG_2000, table="none")
    data = path.read_bytes()
    at = data.index(b"\xe0\x7f\x10\x00OB") + 20
    path.write_bytes(data[:at] + b"\xfe\xff\x00\xe0\0\0\0\0" * ((1 << 20) + 10))
    with pytest.raises(SourceError, match="far more items"):
        open_source(str(path))
