"""Frames out of their items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.dicom.element_writer import item_bytes
from pipeline.io.dicom.fragments import joined_fragments

FRAGMENTS = st.lists(st.binary(max_size=9).filter(lambda value: len(value) % 2 == 0), min_size=1, max_size=4)


@given(FRAGMENTS)
def test_fragments_are_joined(values: list[bytes]) -> None:
    joined = joined_fragments(b"".join(map(item_bytes, values)))
    assert joined is not None
    assert bytes(joined) == b"".join(values)


@given(FRAGMENTS, st.data())
def test_bytes_that_end_within_an_item_are_no_frame(values: list[bytes], data: st.DataObject) -> None:
    items = b"".join(map(item_bytes, values))
    last = len(item_bytes(values[-1]))
    assert joined_fragments(items[: -data.draw(st.integers(1, last - 1))]) is None


def test_a_pad_byte_may_be_left_out() -> None:
    items = item_bytes(b"abc\0")
    assert joined_fragments(items[:-1]) is None
    assert bytes(joined_fragments(items[:-1], without_pad=True) or b"") == b"abc"


@pytest.mark.parametrize("data", [b"", b"\xfe\xff\xdd\xe0\0\0\0\0", item_bytes(b"ab") + bytes(8)])
def test_what_is_no_item_is_no_frame(data: bytes) -> None:
    assert joined_fragments(data) is None
