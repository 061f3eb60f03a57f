"""Emulators of this folder's tests, one of each for the session."""

from collections.abc import Iterator

import pytest

from tests import emulators
from tests.tools import require_tool


@pytest.fixture(scope="session")
def gcp_emulator() -> Iterator[str]:
    """Return the URL of gcp-storage-emulator."""
    with emulators.gcp_storage_emulator() as url:
        yield url


@pytest.fixture(scope="session")
def fake_gcs() -> Iterator[str]:
    """Return the URL of fake-gcs-server; skips where it is not built."""
    program = emulators.fake_gcs_server() or require_tool("fake-gcs-server", "make build/bin/fake-gcs-server")
    with emulators.fake_gcs(str(program)) as url:
        yield url


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Return the URL of moto's server."""
    with emulators.moto_server() as url:
        yield url
