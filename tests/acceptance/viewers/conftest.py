"""The series that viewers open, written once."""

from pathlib import Path

import pytest

from tests.acceptance.viewers.variants import write_variants


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of the series by name."""
    return write_variants(tmp_path_factory.mktemp("variants"))
