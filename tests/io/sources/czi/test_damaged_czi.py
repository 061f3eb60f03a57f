"""Damaged CZI files: an error of ours in one line, or pixels; never a crash, never gigabytes."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError, TileError
from tests.io.sources.czi.czi_files import Block, block, compressed, czi_bytes, metadata_xml, write_czi
from tests.io.sources.damage import flip_bytes, read_all

fuzzed = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIXELS = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64, 1)
FLIPS = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=6)


def small_file() -> bytes:
    """Return a file of four sub-blocks in two codecs, with a label; no codec that a flipped bit can crash."""
    blocks = [block(PIXELS, 64 * n, 0, "zstd1-hilo" if n % 2 else "none", C=0, S=0, M=n) for n in range(4)]
    label = czi_bytes([block(PIXELS[..., :1].astype(np.uint8))])
    return czi_bytes(blocks, metadata_xml(), [("Label", "CZI", label)])


SMALL = small_file()


@given(flips=FLIPS)
@fuzzed
def test_flipped_bits(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    path = tmp_path / "s.czi"
    path.write_bytes(b"ZISRAWFILE" + flip_bytes(SMALL, flips)[10:])
    error = read_all(path)
    assert error is None or ("s.czi" in str(error) and "\n" not in str(error))


@given(share=st.floats(0, 0.999))
@fuzzed
def test_a_file_that_was_cut(tmp_path: Path, share: float) -> None:
    path = tmp_path / "s.czi"
    path.write_bytes(SMALL[: max(10, int(share * len(SMALL)))])
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "s.czi" in str(error)


@pytest.mark.parametrize("codec", ["none", "zstd0", "zstd1", "zstd1-hilo", "jpegxr"])
def test_a_sub_block_that_was_cut(tmp_path: Path, codec: str) -> None:
    whole = block(PIXELS, compression=codec)
    data = compressed(whole)
    for length in (0, 1, 2, 10, len(data) // 2, len(data) - 30):
        path = write_czi(tmp_path / "s.czi", [replace(whole, data=data[:length])], metadata_xml())
        error = read_all(path)
        assert isinstance(error, TileError), (codec, length)
        assert "s.czi: level 0, plane 0, at or behind tile 0" in str(error)


def test_a_sub_block_of_another_size(tmp_path: Path) -> None:
    for codec in ("zstd0", "jpegxr", "jpeg"):
        other = block(PIXELS.astype(np.uint8), compression=codec)
        wrong = replace(block(np.zeros((40, 30, 1), np.uint8), compression=codec), data=compressed(other))
        assert isinstance(read_all(write_czi(tmp_path / "s.czi", [wrong], metadata_xml())), TileError)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([block(PIXELS), block(PIXELS, 2**31 - 100, 0)], "show next to nothing of the"),
        ([block(PIXELS), block(PIXELS, -(2**31), 2**31 - 100)], "show next to nothing of the"),
        ([block(PIXELS, C=c, Z=c) for c in range(40)], "only 40 of 40 x 40 planes have pixels"),
        (
            [replace(block(np.zeros((1, 1, 1), np.uint8), compression="zstd0"), size=(1, 1)), Block(pixels=PIXELS[:0])],
            "no size",
        ),
    ],
)
def test_hostile_directories(tmp_path: Path, blocks: list[Block], message: str) -> None:
    error = read_all(write_czi(tmp_path / "s.czi", blocks, metadata_xml()))
    assert isinstance(error, SourceError)
    assert message in str(error)


def test_a_sub_block_larger_than_memory(tmp_path: Path) -> None:
    data = bytearray(czi_bytes([block(PIXELS, compression="zstd0")], metadata_xml()))
    directory = data.index(b"ZISRAWDIRECTORY") + 32 + 128 + 32
    struct.pack_into("<4siifi", data, directory, b"X", 0, 1 << 20, 0.0, 1 << 20)
    struct.pack_into("<4siifi", data, directory + 20, b"Y", 0, 1 << 20, 0.0, 1 << 20)
    path = tmp_path / "s.czi"
    path.write_bytes(data)
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "too large to decode in bounded memory" in str(error)


def test_a_directory_that_is_the_header(tmp_path: Path) -> None:
    data = bytearray(SMALL)
    struct.pack_into("<q", data, 32 + 52, 0)
    path = tmp_path / "s.czi"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="no directory of sub-blocks"):
        open_source(str(path))


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<ImageDocument><Metadata>", "no readable XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ImageDocument/>', "document type"),
    ],
)
def test_metadata_that_cannot_be_read(tmp_path: Path, xml: str, message: str) -> None:
    error = read_all(write_czi(tmp_path / "s.czi", [block(PIXELS)], xml))
    assert isinstance(error, SourceError)
    assert message in str(error)


def test_an_attachment_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "s.czi", [block(PIXELS)], metadata_xml(), [("Label", "CZI", b"no CZI at all" * 9)])
    with open_source(str(path)) as source:
        assert len(source.describe().images) == 1
        assert "the attachment Label was left out" in source.describe().warnings[0]
