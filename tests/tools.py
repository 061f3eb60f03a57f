"""External tools that tests judge with, and what their absence means."""

import os
import shutil
from pathlib import Path

import pytest


def require_tool(name: str, package: str) -> Path:
    """Return the path of a tool on PATH; without it skip the test, or fail it where `CI` is set.

    CI installs the tools (`.ci/run`): one that is missing there is a broken build and not a reason to test less.
    """
    found = shutil.which(name)
    if found:
        return Path(found)
    message = f"{name} is not on PATH; it comes with the system package {package}"
    if os.environ.get("CI"):
        pytest.fail(f"{message}, which CI must install", pytrace=False)
    pytest.skip(message)
