"""The cache of fetched objects: bounded, shared by processes, and never without what somebody uses."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.io.storage.bucket import Bucket, ObjectFacts
from pipeline.io.storage.gcs import GcsBucket
from pipeline.io.storage.local_cache import CachedFolder, fetch_folder
from pipeline.model.errors import ConfigError, StorageError
from tests import emulators

SIZE = 400_000


@pytest.fixture
def bucket(gcp_emulator: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bucket:
    """Return a bucket; the cache holds two objects of SIZE and not three."""
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)
    monkeypatch.setenv("SLIDEBEAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SLIDEBEAM_CACHE_GB", "0.001")
    return GcsBucket(emulators.BUCKET)


@pytest.fixture
def held() -> Iterator[list[CachedFolder]]:
    """Return a list whose folders are released at the end."""
    folders: list[CachedFolder] = []
    yield folders
    for folder in folders:
        folder.release()


def put(bucket: Bucket, key: str, letter: str = "x", size: int = SIZE) -> ObjectFacts:
    bucket.write(key, letter.encode() * size)
    facts = bucket.facts(key)
    assert facts is not None
    return facts


def fetch(bucket: Bucket, *objects: ObjectFacts) -> CachedFolder:
    return fetch_folder(bucket, objects, "cache/")


def entries(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()}


def test_objects_come_under_their_own_names(bucket: Bucket, held: list[CachedFolder]) -> None:
    objects = [put(bucket, "cache/a.mrxs", "a", 10), put(bucket, "cache/a/Data0.dat", "b", 20)]
    held.append(fetch(bucket, *objects))
    found = {p.relative_to(held[0].path).as_posix(): p.read_bytes() for p in held[0].path.rglob("*") if p.is_file()}
    assert found == {"a.mrxs": b"a" * 10, "a/Data0.dat": b"b" * 20}
    held.append(fetch(bucket, *objects))
    assert held[1].path == held[0].path


def test_an_object_that_was_replaced_is_another(bucket: Bucket, held: list[CachedFolder]) -> None:
    held.append(fetch(bucket, put(bucket, "cache/r", "a")))
    held.append(fetch(bucket, put(bucket, "cache/r", "b")))
    assert [(folder.path / "r").read_bytes()[:1] for folder in held] == [b"a", b"b"]


def test_the_one_that_was_not_used_for_the_longest_goes(bucket: Bucket, tmp_path: Path) -> None:
    objects = [put(bucket, f"cache/{name}", name) for name in "abc"]
    folders = []
    for number, facts in enumerate([objects[0], objects[1], objects[0]]):
        folders.append(fetch(bucket, facts))
        folders[-1].release()
        lock = folders[-1].path.with_suffix(".lock")
        os.utime(lock, (number, number))
    folders.append(fetch(bucket, objects[2]))
    folders[-1].release()
    assert entries(tmp_path) == {folders[0].path.name, folders[3].path.name}


def test_what_is_held_stays(bucket: Bucket, held: list[CachedFolder]) -> None:
    held += [fetch(bucket, put(bucket, f"cache/h{i}")) for i in range(2)]
    with pytest.raises(StorageError, match="raise SLIDEBEAM_CACHE_GB"):
        fetch(bucket, put(bucket, "cache/h2"))
    assert all((folder.path / f"h{i}").is_file() for i, folder in enumerate(held))
    held[0].release()
    held.append(fetch(bucket, put(bucket, "cache/h2")))
    assert not held[0].path.exists()


def test_a_name_that_leads_out_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    outside = ObjectFacts("cache/../../outside", 1, "1", "")
    with pytest.raises(StorageError, match="leads out"):
        fetch(bucket, outside)
    assert not (tmp_path / "outside").exists()


def test_a_limit_that_is_no_number_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDEBEAM_CACHE_GB", "much")
    with pytest.raises(ConfigError, match="SLIDEBEAM_CACHE_GB is 'much'"):
        fetch(bucket, put(bucket, "cache/n"))


FETCH_MANY = """
import sys
from pipeline.io.storage.gcs import GcsBucket
from pipeline.io.storage.local_cache import fetch_folder
bucket = GcsBucket("slides")
for turn in range(12):
    key = f"cache/p{(turn * int(sys.argv[1])) % 5}"
    folder = fetch_folder(bucket, [bucket.facts(key)], "cache/")
    data = (folder.path / key.removeprefix("cache/")).read_bytes()
    assert data == key[-1].encode() * 200_000, (key, len(data))
    folder.release()
"""


def test_processes_share_it(bucket: Bucket, tmp_path: Path) -> None:
    """Four of them want five objects in turns, and four at most fit."""
    for i in range(5):
        put(bucket, f"cache/p{i}", str(i), 200_000)
    workers = [
        subprocess.Popen([sys.executable, "-c", FETCH_MANY, str(step)], stderr=subprocess.PIPE, text=True)
        for step in (1, 2, 3, 4)
    ]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0], errors
    assert len(entries(tmp_path)) <= 5
    assert sum(path.stat().st_size for path in (tmp_path / "cache").rglob("p?")) <= 1_000_000
