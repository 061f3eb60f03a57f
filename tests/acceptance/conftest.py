"""Each shared slide is converted once for all tests that look at it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pipeline import run
from tests.acceptance.shared import SharedSlide

Converted = Callable[[SharedSlide], Path]


@pytest.fixture(scope="session")
def converted(shared_slides: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Return what converts a shared slide with default options and gives the folder of its series."""

    @cache
    def series(slide: SharedSlide) -> Path:
        output = tmp_path_factory.mktemp("converted")
        source = shared_slides / slide.path
        command = ["--input", str(source), "--output", str(output), "--research-placeholder", "--quiet", *slide.options]
        assert run.main(command) == 0
        return output / source.name

    return series
