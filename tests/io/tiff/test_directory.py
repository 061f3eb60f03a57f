"""Directories as bytes, read by tifffile: offsets, counts, chains, SubIFDs, and numbers that are no whole ones."""

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.tiff.directory import Directory, Field, file_head, numbers, opaque, ratio, text
from pipeline.io.tiff.tags import Tag, Type

lengths = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12)


def directory(sizes: list[int], first: int, description: str, *reduced: Directory) -> Directory:
    """Return a directory of 16-pixel tiles side by side."""
    return Directory(
        fields=(
            numbers(Tag.NEW_SUBFILE_TYPE, Type.LONG, 0),
            numbers(Tag.IMAGE_WIDTH, Type.LONG, 16 * len(sizes)),
            numbers(Tag.IMAGE_LENGTH, Type.LONG, 16),
            numbers(Tag.BITS_PER_SAMPLE, Type.SHORT, 8, 8, 8),
            numbers(Tag.SAMPLES_PER_PIXEL, Type.SHORT, 3),
            numbers(Tag.COMPRESSION, Type.SHORT, 1),
            numbers(Tag.PHOTOMETRIC, Type.SHORT, 2),
            numbers(Tag.TILE_WIDTH, Type.LONG, 16),
            numbers(Tag.TILE_LENGTH, Type.LONG, 16),
            text(Tag.IMAGE_DESCRIPTION, description),
            opaque(Tag.JPEG_TABLES, b"\xff\xd8\xff\xd9"),
        ),
        lengths=np.array(sizes, np.uint64),
        first=first,
        tiled=True,
        reduced=reduced,
    )


@given(one=lengths, two=lengths, below=lengths, big=st.booleans(), words=st.text(max_size=40))
def test_every_tile_follows_the_one_before_it(
    one: list[int], two: list[int], below: list[int], big: bool, words: str
) -> None:
    words = words.replace("\0", "")
    sub = directory(below, len(one), "below")
    found = [directory(one, 0, words, sub), directory(two, len(one) + len(below), "two")]
    every = [*one, *below, *two]
    head = file_head(found, np.array(every, np.uint64), always_big=big)
    ends = (len(head) + np.cumsum(every, dtype=np.uint64)).tolist()
    starts = [len(head), *ends[:-1]]
    with tifffile.TiffFile(io.BytesIO(head)) as tiff:
        assert tiff.is_bigtiff == (big or ends[-1] > 2**32 - 1)
        first, second = (page.aspage() for page in tiff.pages)
        (inner,) = first.pages or ()
        read = [first, inner.aspage(), second]
        offsets = [offset for page in read for offset in _values(page, "TileOffsets")]
        counts = [count for page in read for count in _values(page, "TileByteCounts")]
    assert offsets == starts
    assert counts == every


def _values(page: tifffile.TiffPage, tag: str) -> list[int]:
    value = page.tags[tag].value
    return list(value) if isinstance(value, tuple) else [value]


@given(st.floats(1e-6, 1e9))
def test_a_ratio_is_near(value: float) -> None:
    field = ratio(Tag.X_RESOLUTION, value)
    numerator, denominator = np.frombuffer(field.value, "<u4").tolist()
    assert field.values == 1
    assert numerator / denominator == pytest.approx(value, rel=2e-6 if value < 1e-3 else 1e-9)


def test_a_field_counts_its_values() -> None:
    assert Field(Tag.BITS_PER_SAMPLE, Type.SHORT, b"\x08\0" * 3).values == 3
