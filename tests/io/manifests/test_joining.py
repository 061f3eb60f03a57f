"""Which slides rows mean."""

import unicodedata

import pytest

from pipeline.io.manifests.joining import SlideIndex
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import Join

SLIDES = tuple(
    SlideInput(uri=f"/data/{slide_id}", slide_id=slide_id)
    for slide_id in (
        "1/a.svs",
        "2/a.svs",
        "1/S26.123.svs",
        "1/S26.svs",
        "1/c.ome.tiff",
        "1/dicom",
        "1/dicom.ndpi",
        "1/e.svs",
        "2/e.ndpi",
        unicodedata.normalize("NFD", "1/Bär.svs"),
    )
) + tuple(SlideInput(uri=f"/data/1/z.czi#scene={scene}", slide_id=f"1/z.czi/scene-{scene}") for scene in (1, 2))


def found(join: Join, written: str, folder: str = "/data") -> list[str]:
    """Return the slides that a row means."""
    return [SLIDES[place].slide_id for place in SlideIndex(SLIDES, join).find(written, folder)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("S26.123", ["1/S26.123.svs"]),
        ("S26.123.svs", ["1/S26.123.svs"]),
        ("S26", ["1/S26.svs"]),
        ("S26.124", []),
        ("S26.ndpi", []),
        ("c", ["1/c.ome.tiff"]),
        ("c.ome.tiff", ["1/c.ome.tiff"]),
        ("c.ome", []),
        ("dicom", ["1/dicom"]),
        ("dicom.ndpi", ["1/dicom.ndpi"]),
        ("e.svs", ["1/e.svs"]),
        ("somewhere/else/c", ["1/c.ome.tiff"]),
        ("\\\\server\\share\\S26.svs", ["1/S26.svs"]),
        ("s26", []),
        ("Bär", [unicodedata.normalize("NFD", "1/Bär.svs")]),
        ("z", ["1/z.czi/scene-1", "1/z.czi/scene-2"]),
        ("z.czi", ["1/z.czi/scene-1", "1/z.czi/scene-2"]),
        ("z.czi#scene=2", ["1/z.czi/scene-2"]),
        ("z#scene=2", ["1/z.czi/scene-2"]),
        ("z.czi#scene=3", []),
    ],
)
def test_by_stem(written: str, expected: list[str]) -> None:
    assert found(Join.STEM, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("S26.svs", ["1/S26.svs"]), ("S26", []), ("x/e.ndpi", ["2/e.ndpi"]), ("dicom", ["1/dicom"])],
)
def test_by_name(written: str, expected: list[str]) -> None:
    assert found(Join.NAME, written) == expected


@pytest.mark.parametrize(
    ("written", "folder", "expected"),
    [
        ("1/a.svs", "/lists", ["1/a.svs"]),
        ("./2/../2/a.svs", "/lists", ["2/a.svs"]),
        ("a.svs", "/data/2", ["2/a.svs"]),
        ("/data/1/a.svs", "gs://b", ["1/a.svs"]),
        ("a.svs", "/data", []),
        ("1/z.czi#scene=2", "/lists", ["1/z.czi/scene-2"]),
        ("1/z.czi", "/lists", ["1/z.czi/scene-1", "1/z.czi/scene-2"]),
        ("1/z.czi/scene-2", "/lists", ["1/z.czi/scene-2"]),
    ],
)
def test_by_path(written: str, folder: str, expected: list[str]) -> None:
    assert found(Join.PATH, written, folder) == expected


@pytest.mark.parametrize(
    ("join", "written"), [(Join.STEM, "a"), (Join.STEM, "a.svs"), (Join.NAME, "a.svs"), (Join.STEM, "e")]
)
def test_a_row_that_could_mean_two_slides_is_refused(join: Join, written: str) -> None:
    with pytest.raises(ValueError, match=r"may be /data/1/\w\.svs or /data/2/\w\.\w+; `join: path`"):
        found(join, written)
