"""Multipart bodies, cut anywhere."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.dicomweb.multipart import boundary_of, parts
from pipeline.model.errors import StorageError

_URL = "http://server/x"
_BOUNDARY = b"b0"


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return iter([data[begin:end] for begin, end in itertools.pairwise(places)])


def _body(contents: list[bytes], preamble: bytes = b"") -> bytes:
    parts = b"".join(b"--b0\r\nX-Number: %d\r\n\r\n%s\r\n" % (n, content) for n, content in enumerate(contents))
    return preamble + parts + b"--b0--\r\n"


def _read(data: bytes, cuts: list[int]) -> list[tuple[str, bytes]]:
    return [(part.headers["x-number"], b"".join(part.content)) for part in parts(_pieces(data, cuts), _BOUNDARY, _URL)]


# Contents that come close to a boundary, and never are one.
_CONTENTS = st.lists(
    st.lists(st.sampled_from([b"\r\n", b"--b", b"\r\n--b", b"\0", b"x" * 50, b"\r\n\r\n"]), max_size=8).map(b"".join),
    min_size=1,
    max_size=4,
).filter(lambda contents: all(b"\r\n--b0" not in content + b"\r\n" for content in contents))
_CUTS = st.lists(st.integers(0, 600), max_size=40)


@given(_CONTENTS, _CUTS, st.sampled_from([b"", b"\r\n", b"to be ignored\r\n"]))
def test_parts_are_found_however_the_body_is_cut(contents: list[bytes], cuts: list[int], preamble: bytes) -> None:
    assert _read(_body(contents, preamble), cuts) == [(str(n), content) for n, content in enumerate(contents)]


@given(_CONTENTS, _CUTS, st.integers(0, 10_000))
def test_a_body_that_ends_early_is_an_error_that_may_pass(contents: list[bytes], cuts: list[int], at: int) -> None:
    whole = _body(contents)
    with pytest.raises(StorageError, match="ends before its closing boundary") as caught:
        _read(whole[: at % (len(whole) - 3)], cuts)
    assert caught.value.transient


def test_a_part_that_is_not_read_is_skipped() -> None:
    found = parts(_pieces(_body([b"one", b"two"]), []), _BOUNDARY, _URL)
    next(found)
    assert b"".join(next(found).content) == b"two"


def test_a_body_of_no_part_has_none() -> None:
    assert list(parts(iter([b"--b0--"]), _BOUNDARY, _URL)) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"--b0\r\nX: " + b"y" * 40_000, "bytes of headers"),
        (b"--b0\r\nX: " + b"y" * 20_000 + b"\r\n\r\nz\r\n--b0--", "bytes of headers"),
        (b"--b0more\r\n\r\n\r\n--b0--", "something behind a boundary"),
        (b"x" * 40_000, "no boundary where it begins"),
    ],
)
@pytest.mark.parametrize("size", [1 << 20, 1000])
def test_what_is_no_multipart_is_refused(data: bytes, words: str, size: int) -> None:
    with pytest.raises(StorageError, match=words):
        _read(data, list(range(0, len(data), size)))


def test_the_boundary_comes_from_the_content_type() -> None:
    assert boundary_of('multipart/related; type="application/dicom"; boundary="a b"', _URL) == b"a b"
    assert boundary_of("Multipart/Related; boundary=x", _URL) == b"x"
    assert boundary_of("application/dicom", _URL) is None
    assert boundary_of("", _URL) is None


@pytest.mark.parametrize(
    "kind", ["multipart/related", "multipart/related; boundary=", "multipart/x; boundary=" + "y" * 71]
)
def test_a_multipart_type_without_a_proper_boundary_is_refused(kind: str) -> None:
    with pytest.raises(StorageError, match="without a proper boundary"):
        boundary_of(kind, _URL)
