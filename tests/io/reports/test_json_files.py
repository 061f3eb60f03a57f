"""JSON among the reports comes back as it was written, and what is none is refused."""

import json
from pathlib import Path

import pytest

from pipeline.io.reports.json_files import read_json, write_json
from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import StorageError


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Return a store on the disk."""
    return LocalStore(str(tmp_path), "job")


def test_what_was_written_is_read(store: LocalStore) -> None:
    """Also bytes of a file's name that are no UTF-8; readers see an indented line a value, in ASCII, and its end."""
    value = {"name": "Präparat \udcff.svs", "rows": [1, None]}
    uri = write_json(store, "job/report.json", value)
    data = Path(uri).read_bytes()
    assert data.isascii()
    assert data.splitlines()[1].startswith(b'  "name"')
    assert data.endswith(b"}\n")
    assert json.loads(data) == value
    assert read_json(store, "job/report.json") == value


@pytest.mark.parametrize("data", [b"", b'{"a": 1', b"[]", b"null", b'{"a": "\xff"}'])
def test_what_is_no_json_object_is_a_storage_error_that_names_it(store: LocalStore, data: bytes) -> None:
    store.write_report("job/report.json", data)
    with pytest.raises(StorageError, match=r"_reports/job/report\.json of the output is no JSON.*remove it"):
        read_json(store, "job/report.json")
