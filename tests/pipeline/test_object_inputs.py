"""Slides by address and glob in object stores, and the names that they get."""

import glob
import os
import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.inputs import expand_inputs
from pipeline.io.storage.gcs import GcsBucket
from pipeline.model.errors import ConfigError, StorageError
from pipeline.object_inputs import glob_expression
from tests import emulators

KEYS = (
    "a.svs",
    "b [1].svs",
    "notes.txt",
    "deep/a.svs",
    "deep/er/c.svs",
    "mirax/m.mrxs",
    "mirax/m/Data0000.dat",
    "mirax/m/Slidedat.ini",
    "series/1.dcm",
    "series/2.dcm",
    "out/a.svs/level-0.dcm",
)


@pytest.fixture(scope="module")
def root(gcp_emulator: str) -> str:
    """Return the URI of a prefix that holds KEYS."""
    with pytest.MonkeyPatch.context() as patch:
        emulators.use_gcs(gcp_emulator, patch.setenv)
        for key in KEYS:
            GcsBucket(emulators.BUCKET).write(f"inputs/{key}", b"data")
    return f"gs://{emulators.BUCKET}/inputs"


@pytest.fixture(autouse=True)
def _endpoint(gcp_emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)


def ids(pattern: str, output: str = "") -> list[str]:
    return [slide.slide_id for slide in expand_inputs([pattern], output)]


def test_an_address_is_named_by_its_last_component(root: str) -> None:
    (slide,) = expand_inputs([f"{root}/deep/a.svs"])
    assert (slide.slide_id, slide.uri) == ("a.svs", f"{root}/deep/a.svs")
    assert ids(f"{root}/b [1].svs") == ["b [1].svs"]


def test_a_glob_keeps_the_folders_below_its_fixed_part(root: str) -> None:
    assert ids(f"{root}/*.svs") == ["a.svs", "b [1].svs"]
    assert ids(f"{root}/**/*.svs") == ["a.svs", "b [1].svs", "deep/a.svs", "deep/er/c.svs"]
    assert ids(f"{root}/deep/*.svs") == ["a.svs"]


def test_files_of_a_slide_are_no_slides(root: str) -> None:
    assert ids(f"{root}/mirax/**") == ["m.mrxs"]
    assert ids(f"{root}/mirax/m") == ["m.mrxs"]
    assert ids(f"{root}/series") == ["series"]


def test_what_the_output_holds_is_no_slide(root: str) -> None:
    assert "out/a.svs/level-0.dcm" in ids(f"{root}/**/*.dcm")
    assert ids(f"{root}/**/*.dcm", f"{root}/out") == ["series/1.dcm", "series/2.dcm"]


def test_a_scene_of_an_object(root: str) -> None:
    (slide,) = expand_inputs([f"{root}/a.svs#scene=2"])
    assert (slide.slide_id, slide.uri) == ("a.svs/scene-2", f"{root}/a.svs#scene=2")


def test_what_is_not_there_is_said(root: str) -> None:
    with pytest.raises(ConfigError, match="there is no such object"):
        ids(f"{root}/none.svs")
    with pytest.raises(ConfigError, match="no object matches"):
        ids(f"{root}/*.ndpi")
    with pytest.raises(ConfigError, match=r"not of one slide; --input 'gs://.*/\*'"):
        ids(f"{root}/deep")
    with pytest.raises(ConfigError, match="named in full"):
        ids("gs://sli*/a.svs")
    with pytest.raises(StorageError, match="gs://no-such-bucket: there is no such bucket"):
        ids("gs://no-such-bucket/a.svs")
    with pytest.raises(ConfigError, match=r"no store for ftp://.*gs://, s3://"):
        ids("ftp://host/a.svs")


NAMES = st.lists(st.text("ab.[", min_size=1, max_size=3).filter(lambda n: n.strip(".")), min_size=1, max_size=3)
PATTERNS = st.lists(st.sampled_from(["**", "*", "a*", "?", "[ab]*", "[!a]", "b", "a.b"]), min_size=1, max_size=3)


@given(paths=st.lists(NAMES, min_size=1, max_size=6), pattern=PATTERNS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_globs_match_keys_as_they_match_files(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]], pattern: list[str]
) -> None:
    root = tmp_path_factory.mktemp("glob")
    for parts in paths:
        path = root.joinpath(*parts)
        if not any(parent.is_file() for parent in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    expression = re.compile(glob_expression("/".join(pattern)))
    found = glob.glob("/".join(pattern), root_dir=root, recursive=True, include_hidden=True)
    expected = {os.path.normpath(name) for name in found if (root / name).is_file()}
    if pattern[-1] == "**":  # glob finds a file for a folder where its name has no wildcard, and only there
        expected.discard("/".join(pattern).rstrip("/*"))
    assert {name for name in files if expression.fullmatch(name)} == expected


def test_text_of_a_glob_is_text() -> None:
    for text in (string.punctuation.replace("*", "").replace("?", "").replace("[", ""), "a+b(c).svs", "[", "x[y"):
        assert re.fullmatch(glob_expression(text), text)
