"""A series from an object store comes into a folder of its own, wherever its keys would lead."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.fetched_series import fetched_series
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import StorageError
from tests import emulators


@pytest.fixture
def output(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of an empty prefix; temporary folders are made in a folder of this test's."""
    emulators.use_s3(moto, monkeypatch.setenv)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    yield f"s3://{emulators.BUCKET}/{tmp_path.parent.name}/{tmp_path.name}"
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "temporary"]


def write(output: str, key: str) -> None:
    """Write an object below an output."""
    open_bucket(output).write(f"{split_address(output).key}/{key}", b"{}")


def test_a_series_and_its_record_come_into_a_folder(output: str) -> None:
    for key in ("a/s.svs/level-0.dcm", "_state/a/s.svs.json"):
        write(output, key)
    for address in (output, f"{output}/a/s.svs"):
        with fetched_series(address, "s.svs") as series:
            assert [path.name for path in series.iterdir()] == ["level-0.dcm"]
            assert (series.parents[1] / "_state" / "a" / "s.svs.json").is_file()


@pytest.mark.parametrize("way", ["../../escaped", "..", "../../../escaped", "a//b", "./a", "/a"])
def test_keys_that_lead_elsewhere_are_refused(output: str, way: str) -> None:
    for key in (f"{way}/s.svs/level-0.dcm", f"_state/{way}/s.svs.json"):
        write(output, key)
    with (
        pytest.raises(StorageError, match=re.escape(f"{way}/s.svs/level-0.dcm is no file of a conversion")),
        fetched_series(output, "s.svs"),
    ):
        pass
