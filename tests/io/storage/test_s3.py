"""S3 keeps the contract of stores."""

import pytest

from pipeline.io.storage.bucket import Bucket
from tests.emulators import BUCKET
from tests.io.storage.object_stores import ObjectStoreContract

pytest.importorskip("boto3", reason="the extra s3 is not installed")


class TestMotoServer(ObjectStoreContract):
    """moto's server."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def bucket(self) -> Bucket:
        """Return its bucket."""
        from pipeline.io.storage.s3 import S3Bucket

        return S3Bucket(BUCKET)
