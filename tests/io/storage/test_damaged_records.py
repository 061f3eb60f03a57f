"""A record whose bytes are no text is told as any other damage is, wherever it lies."""

from pathlib import Path

import pytest

from pipeline.io.storage.local import LocalStore
from pipeline.io.storage.opening import open_store
from pipeline.io.storage.s3 import S3Bucket
from pipeline.model.errors import StorageError
from tests import emulators

DAMAGE = '{"schema": "slidebeam-state-1"}'.encode("utf-16")


def test_on_a_disk(tmp_path: Path) -> None:
    (tmp_path / "_state").mkdir()
    (tmp_path / "_state/a.svs.json").write_bytes(DAMAGE)
    with pytest.raises(StorageError, match=r"state record of a\.svs is damaged .* remove it from _state"):
        LocalStore(str(tmp_path), "job").read_record("a.svs")


def test_in_a_bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.use_s3(moto, monkeypatch.setenv)
    S3Bucket(emulators.BUCKET).write("damaged/_state/a.svs.json", DAMAGE)
    store = open_store(f"s3://{emulators.BUCKET}/damaged", "job")
    with pytest.raises(StorageError, match=r"damaged/_state/a\.svs\.json is damaged .* remove it from _state"):
        store.read_record("a.svs")
    with pytest.raises(StorageError, match="is damaged"):
        store.replace_record("a.svs", None, "{}")
