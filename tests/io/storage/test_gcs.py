"""Google Cloud Storage keeps the contract of stores, with both emulators, and what it says of itself is true."""

import pytest

from pipeline.io.storage.bucket import ABSENT, Bucket, Piece
from pipeline.io.storage.gcs import GcsBucket
from pipeline.model.errors import StorageError
from tests import emulators
from tests.io.storage.object_stores import ObjectStoreContract


class TestGcpStorageEmulator(ObjectStoreContract):
    """The emulator that is always there; it enforces no precondition."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, gcp_emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
        emulators.use_gcs(gcp_emulator, monkeypatch.setenv)

    def bucket(self) -> Bucket:
        """Return its bucket."""
        return GcsBucket(emulators.BUCKET)


class TestFakeGcsServer(ObjectStoreContract):
    """The emulator that enforces preconditions of uploads."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, fake_gcs: str, monkeypatch: pytest.MonkeyPatch) -> None:
        emulators.use_gcs(fake_gcs, monkeypatch.setenv)

    def bucket(self) -> Bucket:
        """Return its bucket."""
        return GcsBucket(emulators.BUCKET)

    def test_an_object_is_written_only_where_its_place_is_as_expected(self) -> None:
        """Preconditions hold; bytes that stand there already are taken for the writer's own."""
        bucket = self.bucket()
        key = "preconditions/object"
        assert bucket.write(key, b"first", ABSENT)
        assert not bucket.write(key, b"second", ABSENT)
        assert bucket.write(key, b"first", ABSENT)
        facts = bucket.facts(key)
        assert facts is not None
        assert bucket.write(key, b"third", facts.stamp)
        assert not bucket.write(key, b"fourth", facts.stamp)
        assert bucket.load(key) == b"third"

    @pytest.mark.parametrize("count", [1, 32, 33, 1025])
    def test_any_number_of_objects_is_joined(self, count: int) -> None:
        """32 are joined at once, more as a tree; nothing of it stays beside what was joined."""
        bucket = self.bucket()
        names = [f"join-{count}/parts/{i:05d}" for i in range(count)]
        for i, name in enumerate(names):
            bucket.write(name, f"{i};".encode())
        pieces = [Piece(name, 0, len(f"{i};"), whole=True) for i, name in enumerate(names)]
        bucket.join([b"head;", *pieces, b"tail"], f"join-{count}/whole", f"join-{count}/work")
        expected = b"head;" + "".join(f"{i};" for i in range(count)).encode() + b"tail"
        assert bucket.load(f"join-{count}/whole") == expected
        assert [facts.key for facts in bucket.listed(f"join-{count}/work")] == []

    def test_a_large_object_goes_up_as_a_resumable_upload(self) -> None:
        """And comes back in pieces."""
        bucket = self.bucket()
        data = bytes(range(251)) * 40_000
        assert bucket.write("large", data)
        facts = bucket.facts("large")
        assert facts is not None
        assert facts.bytes == len(data)
        assert bucket.read("large", 9_000_000, 1000, facts.stamp) == data[9_000_000:9_001_000]

    def test_a_reader_is_told_when_the_object_was_replaced(self) -> None:
        """What it has read and what it would read are of two contents."""
        bucket = self.bucket()
        bucket.write("replaced", b"one")
        facts = bucket.facts("replaced")
        bucket.write("replaced", b"two")
        assert facts is not None
        with pytest.raises(StorageError, match="gs://slides/replaced"):
            bucket.read("replaced", 0, 3, facts.stamp)

    def test_errors_name_bucket_and_object(self) -> None:
        """And say what is wrong in one line."""
        with pytest.raises(StorageError, match=r"^gs://no-such-bucket/key: .*404") as caught:
            GcsBucket("no-such-bucket").write("key", b"data")
        assert "\n" not in str(caught.value)
        with pytest.raises(StorageError, match=r"^gs://no-such-bucket: there is no such bucket"):
            GcsBucket("no-such-bucket").check()


def test_a_store_that_does_not_answer_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.use_gcs(f"http://127.0.0.1:{emulators.free_port()}", monkeypatch.setenv)
    with pytest.raises(StorageError, match=r"^gs://slides: cannot be reached; .*STORAGE_EMULATOR_HOST"):
        GcsBucket("slides").check()
