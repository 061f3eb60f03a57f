"""JSON among the reports of a job: indented, plain ASCII, one object a file."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError


def write_json(store: OutputStore, path: str, value: Mapping[str, Any]) -> str:
    """Write `_reports/<path>` and return its URI. Raises StorageError."""
    return store.write_report(path, f"{json.dumps(value, indent=2)}\n".encode())


def read_json(store: OutputStore, path: str) -> dict[str, Any]:
    """Read `_reports/<path>`. Raises StorageError when it is not there, or holds something else."""
    data = store.read_report(path)
    try:
        value = json.loads(data)
    except ValueError as error:
        raise StorageError(f"_reports/{path} of the output is no JSON: {error}; remove it") from error
    if not isinstance(value, dict):
        raise StorageError(f"_reports/{path} of the output is no JSON object; remove it")
    return value
