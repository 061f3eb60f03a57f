"""A JSON file of one object, read strictly: a key that is given twice is found, not dropped."""

import json
from typing import Any

from pipeline.model.errors import ConfigError


def json_object(text: str, origin: str, hint: str) -> tuple[dict[str, Any], list[str]]:
    """Return the object of a JSON text, and what is wrong with its keys.

    Raises ConfigError, with `hint` for what to do, for what is no JSON and no object; `origin` names the file.
    """
    twice: set[str] = set()

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice.update(key for key in keys if keys.count(key) > 1)
        return dict(pairs)

    try:
        given = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{origin}: not JSON: {error}; {hint}") from None
    if not isinstance(given, dict):
        raise ConfigError(f"{origin}: it must be one JSON object, not {type(given).__name__}; {hint}")
    return given, [f'"{key}" is given twice' for key in sorted(twice)]
