"""S3 keeps the contract of stores, and what it says of itself is true."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.storage.bucket import ABSENT, Bucket, Piece
from pipeline.model.errors import StorageError
from tests import emulators
from tests.io.storage.object_stores import ObjectStoreContract, prefix

pytest.importorskip("boto3", reason="the extra s3 is not installed")

from pipeline.io.storage.s3 import S3Bucket

MIB = 1 << 20


def client() -> Any:
    """Return a client of the emulator that is in use."""
    import boto3

    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])


def uploads(root: Path) -> list[str]:
    """Return the keys of uploads under a root that nobody has ended."""
    found = client().list_multipart_uploads(Bucket=emulators.BUCKET, Prefix=prefix(root))
    return [upload["Key"] for upload in found.get("Uploads", ())]


class TestMotoServer(ObjectStoreContract):
    """moto's server."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
        emulators.use_s3(moto, monkeypatch.setenv)

    def bucket(self) -> Bucket:
        """Return its bucket."""
        return S3Bucket(emulators.BUCKET)

    def test_an_object_is_written_only_where_its_place_is_as_expected(self) -> None:
        """Preconditions hold; bytes that stand there already are taken for the writer's own."""
        bucket = self.bucket()
        key = "preconditions/object"
        assert bucket.write(key, b"first", ABSENT)
        assert not bucket.write(key, b"second", ABSENT)
        assert bucket.write(key, b"first", ABSENT)
        source = bucket.facts(key)
        assert source is not None
        assert not bucket.copy(source, key, ABSENT)
        assert bucket.load(key) == b"first"

    @pytest.mark.parametrize(
        "sizes",
        [
            [3 * MIB] * 4,
            [1, 9 * MIB, 1],
            [9 * MIB, 9 * MIB],
            [5 * MIB, 12 * MIB, 100, 12 * MIB],
            [MIB] * 20 + [10 * MIB],
        ],
        ids=str,
    )
    def test_pieces_of_any_size_are_joined(self, sizes: list[int]) -> None:
        """The store refuses a part below 5 MiB that is not the last: pieces are gathered, or copied where they lie."""
        bucket = self.bucket()
        data = [bytes([65 + i]) * size for i, size in enumerate(sizes)]
        for i, piece in enumerate(data):
            bucket.write(f"join/{i}", piece)
        pieces = [Piece(f"join/{i}", 0, size, whole=True) for i, size in enumerate(sizes)]
        bucket.join([b"head", *pieces, Piece("join/0", 0, 1, whole=False), b"tail"], "join/whole", "join/work")
        assert bucket.load("join/whole") == b"head" + b"".join(data) + b"Atail"

    def test_uploads_of_a_dead_job_are_given_up(self, tmp_path: Path) -> None:
        """Nobody sees them, and the store bills them for ever; those of other prefixes are left alone."""
        store, dead = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "dead")
        dead.write_job_file("owner.json", b"{}")
        keys = [f"{prefix(tmp_path)}/_staging/{job}/s.svs/series/level-0.dcm" for job in ("dead", "other")]
        for key in keys:
            client().create_multipart_upload(Bucket=emulators.BUCKET, Key=key)
        store.remove_staged("dead", store.staged_files("dead"))
        assert uploads(tmp_path) == keys[1:]
        assert store.abandon_uploads(3600) == 1
        assert uploads(tmp_path) == []

    def test_an_upload_that_was_begun_before_goes_when_its_object_is_written(self, tmp_path: Path) -> None:
        """The next job writes what the dead one was at."""
        key = f"{prefix(tmp_path)}/s.svs/level-0.dcm"
        client().create_multipart_upload(Bucket=emulators.BUCKET, Key=key)
        self.bucket().join([b"a" * 6 * MIB, b"b"], key, "work")
        assert uploads(tmp_path) == []
        facts = self.bucket().facts(key)
        assert facts is not None
        assert facts.bytes == 6 * MIB + 1

    def test_a_reader_is_told_when_the_object_was_replaced(self) -> None:
        """What it has read and what it would read are of two contents."""
        bucket = self.bucket()
        bucket.write("replaced", b"one")
        facts = bucket.facts("replaced")
        bucket.write("replaced", b"two")
        assert facts is not None
        with pytest.raises(StorageError, match="s3://slides/replaced"):
            bucket.read("replaced", 0, 3, facts.stamp)

    def test_errors_name_bucket_and_object(self) -> None:
        """And say what is wrong in one line."""
        with pytest.raises(StorageError, match=r"^s3://no-such-bucket/key: there is no such bucket") as caught:
            S3Bucket("no-such-bucket").write("key", b"data")
        assert "\n" not in str(caught.value)


def test_a_store_that_does_not_answer_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.use_s3(f"http://127.0.0.1:{emulators.free_port()}", monkeypatch.setenv)
    with pytest.raises(StorageError, match=r"^s3://slides: cannot be reached; .*AWS_ENDPOINT_URL_S3"):
        S3Bucket("slides").check()
