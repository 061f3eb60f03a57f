"""The elements of a data set by their places, as pydicom finds them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from pipeline.io.dicom.elements import UNDEFINED_LENGTH, ElementReader
from pipeline.model.errors import SourceError

TEXTS = {"PatientName": "PN", "StudyID": "SH", "LabelText": "UT", "SoftwareVersions": "LO"}
SEQUENCES = ["OpticalPathSequence", "SpecimenDescriptionSequence"]
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)


@st.composite
def datasets(draw: st.DrawFn, depth: int = 0) -> Dataset:
    """Draw a data set with sequences in sequences, of defined and of undefined length."""
    data = Dataset()
    for keyword in draw(st.lists(st.sampled_from(sorted(TEXTS)), unique=True)):
        setattr(data, keyword, draw(WORDS)[: 16 if keyword == "StudyID" else 40])
    if draw(st.booleans()):
        data.Rows = draw(st.integers(0, 65535))
    if depth < 2:
        for keyword in draw(
            st.lists(st.sampled_from(["OpticalPathSequence", "SpecimenDescriptionSequence"]), unique=True)
        ):
            items = draw(st.lists(datasets(depth=depth + 1), max_size=2))
            setattr(data, keyword, items)
            data[keyword].is_undefined_length = draw(st.booleans())
            for item in items:
                item.is_undefined_length_sequence_item = draw(st.booleans())
    return data


def encoded(data: Dataset, *, implicit: bool) -> bytes:
    """Return the bytes of a data set without preamble and file meta."""
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, implicit
    write_dataset(stream, data)
    return stream.getvalue()


def reader(data: bytes, *, implicit: bool) -> ElementReader:
    """Return a reader of bytes."""
    return ElementReader(lambda at, n: data[at : at + n], len(data), implicit=implicit, name="x.dcm")


def complaint(data: bytes, *, implicit: bool) -> str:
    """Follow all elements; return our error's words, empty where there was none."""
    elements = reader(data, implicit=implicit)
    try:
        for element in elements.elements(0, len(data)):
            if element.length == UNDEFINED_LENGTH:
                list(elements.items(element))
            else:
                elements.value(element)
    except SourceError as error:
        return str(error)
    return ""


def tags(elements: ElementReader, data: Dataset, at: int, end: int) -> None:
    """Compare the elements of a data set with what was written, and those of its sequences."""
    found = list(elements.elements(at, end))
    assert [element.tag for element in found] == [int(element.tag) for element in data]
    for element, expected in zip(found, data, strict=True):
        if expected.VR != "SQ":
            assert elements.value(element).rstrip(b" \0") == _value(expected.value)
            continue
        items = list(elements.items(element))
        assert len(items) == len(expected.value)
        for item, inner in zip(items, expected.value, strict=True):
            behind = elements.behind(item)
            tags(elements, inner, item.value, behind)
            assert [e.tag for e in elements.within(item)] == [int(e.tag) for e in inner]


def _value(value: object) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(2, "little").rstrip(b" \0")
    return str(value or "").encode().rstrip(b" \0")


@settings(max_examples=40)
@given(data=datasets(), implicit=st.booleans())
def test_elements_are_where_pydicom_wrote_them(data: Dataset, implicit: bool) -> None:
    written = encoded(data, implicit=implicit)
    tags(reader(written, implicit=implicit), data, 0, len(written))


@settings(max_examples=40)
@given(data=datasets(), implicit=st.booleans(), share=st.floats(0, 1, exclude_max=True))
def test_a_cut_is_an_error_of_ours(data: Dataset, implicit: bool, share: float) -> None:
    written = encoded(data, implicit=implicit)
    cut = written[: int(len(written) * share)]
    assert complaint(cut, implicit=implicit) in ("", f"x.dcm: ends within its header, at byte {len(cut)}")


def test_sequences_that_never_end_are_not_followed_for_ever() -> None:
    data = b"\x48\x00\x05\x01SQ\0\0\xff\xff\xff\xff" * 4000
    with pytest.raises(SourceError, match="nested too deep"):
        list(reader(data, implicit=False).elements(0, len(data)))
