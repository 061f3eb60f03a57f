"""Where the slides of a manifest are, and what they are called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.manifests.places import check_folder_name, found_slide, manifest_folder, slide_name, slide_uri
from pipeline.model.errors import ConfigError

DICOM = bytes(128) + b"DICM"


@pytest.mark.parametrize(
    ("manifest", "folder"),
    [
        ("/data/cohort.csv", "/data"),
        ("gs://bucket/a/b/cohort.csv", "gs://bucket/a/b"),
        ("s3://bucket/cohort.csv", "s3://bucket"),
    ],
)
def test_folder_of_a_manifest(manifest: str, folder: str) -> None:
    assert manifest_folder(manifest) == folder


@pytest.mark.parametrize(
    ("written", "folder", "uri", "name"),
    [
        ("a.svs", "/data", "/data/a.svs", "a.svs"),
        ("x/../y/./a.svs", "/data", "/data/y/a.svs", "y/a.svs"),
        ("../other/a.svs", "/data", "/other/a.svs", "a.svs"),
        ("/data/y/a.svs", "/data", "/data/y/a.svs", "y/a.svs"),
        ("/data2/a.svs", "/data", "/data2/a.svs", "a.svs"),
        ("a.svs", "/", "/a.svs", "a.svs"),
        ("gs://b/x/a.svs", "/data", "gs://b/x/a.svs", "a.svs"),
        ("a.svs", "gs://b", "gs://b/a.svs", "a.svs"),
        ("y/a.svs", "gs://b/x", "gs://b/x/y/a.svs", "y/a.svs"),
        ("../a.svs", "gs://b/x", "gs://b/a.svs", "a.svs"),
        ("gs://b/x/y/a.svs", "gs://b/x", "gs://b/x/y/a.svs", "y/a.svs"),
        ("/data/a.svs", "gs://b/x", "/data/a.svs", "a.svs"),
        ("y/a.czi#scene=2", "/data", "/data/y/a.czi#scene=2", "y/a.czi/scene-2"),
        ("gs://b/a.czi#scene=2", "gs://b", "gs://b/a.czi#scene=2", "a.czi/scene-2"),
        ("a b [1].svs", "/data", "/data/a b [1].svs", "a b [1].svs"),
    ],
)
def test_paths_begin_at_the_manifest_s_folder(written: str, folder: str, uri: str, name: str) -> None:
    assert slide_uri(written, folder) == uri
    assert slide_name(uri, folder) == name


@pytest.mark.parametrize(
    ("written", "folder", "message"),
    [
        ("../../a.svs", "gs://b/x", "leads out of gs://b"),
        ("..", "gs://b/x", "leads out of gs://b"),
        ("gs://b/*.svs", "/data", "not a glob"),
        ("gs://b", "/data", "a bucket and no slide"),
        ("gs:///a.svs", "/data", "names no bucket"),
        ("ftp://host/a.svs", "/data", "there is no store for ftp://"),
        ("a\0.svs", "/data", "no text"),
        ("a\n.svs", "gs://b", "no text"),
    ],
)
def test_what_is_no_slide(written: str, folder: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slide_uri(written, folder)


def test_folders_are_opened_by_their_slide(tmp_path: Path) -> None:
    for name in ("m.mrxs", "m/Slidedat.ini", "other/a.svs"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "1.dcm").write_bytes(DICOM)
    assert found_slide(str(tmp_path / "m")) == str(tmp_path / "m.mrxs")
    assert found_slide(str(tmp_path / "series")) == str(tmp_path / "series")
    assert found_slide(str(tmp_path / "other/a.svs#scene=1")) == str(tmp_path / "other/a.svs#scene=1")
    assert found_slide(str(tmp_path / "none.svs")) is None
    assert found_slide(str(tmp_path / "m.mrxs" / "a.svs")) is None
    assert found_slide(str(tmp_path / ("x" * 300))) is None
    assert found_slide("gs://bucket/none.svs") == "gs://bucket/none.svs"
    with pytest.raises(ValueError, match="not of one slide"):
        found_slide(str(tmp_path / "other"))


@given(st.text(max_size=30))
def test_a_name_that_passes_stays_in_the_output(name: str) -> None:
    root = Path("/out")
    try:
        check_folder_name(name)
    except ValueError:
        return
    place = Path(*root.parts, *name.split("/"))
    assert place.parts[2:] == tuple(name.split("/"))
    assert ".." not in place.parts


@pytest.mark.parametrize("name", ["", "..", "a/../b", "/a", "a/", "a//b", ".", "a/ /b", "a\\b", "a\tb", "a\0"])
def test_names_that_are_no_folder(name: str) -> None:
    with pytest.raises(ValueError, match=r"no name of a folder|no text"):
        check_folder_name(name)


def test_an_unknown_store_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="no store"):
        manifest_folder("ftp://host/cohort.csv")
