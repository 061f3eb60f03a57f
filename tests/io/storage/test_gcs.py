"""Google Cloud Storage keeps the contract of stores, with both emulators."""

import pytest

from pipeline.io.storage.bucket import Bucket
from pipeline.io.storage.gcs import GcsBucket
from tests.emulators import BUCKET
from tests.io.storage.object_stores import ObjectStoreContract


class TestGcpStorageEmulator(ObjectStoreContract):
    """The emulator that is always there; it enforces no precondition."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, gcp_emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcp_emulator)

    def bucket(self) -> Bucket:
        """Return its bucket."""
        return GcsBucket(BUCKET)


class TestFakeGcsServer(ObjectStoreContract):
    """The emulator that enforces preconditions of uploads."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, fake_gcs: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake_gcs)

    def bucket(self) -> Bucket:
        """Return its bucket."""
        return GcsBucket(BUCKET)
