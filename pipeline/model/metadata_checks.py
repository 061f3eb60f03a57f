"""What a key of the metadata may hold: the one place of these rules, for JSON and for Python.

Where several values may stand, one may stand alone.
"""

import math
from collections.abc import Callable
from typing import Any

from pipeline.model.metadata_codes import checked_code, checked_codes, checked_issuer
from pipeline.model.metadata_preparation import checked_steps
from pipeline.model.metadata_types import Element
from pipeline.model.metadata_values import checked


def checked_value(element: Element, value: Any) -> Any:
    """Return the value of a key as `GivenMetadata` holds it; ValueError says what is wrong with it."""
    special = _SPECIAL.get(element.key)
    return special(value) if special else _text(element.vr, value, element.terms)


def _text(vr: str, value: Any, terms: tuple[str, ...] = ()) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {value!r}")
    return checked(vr, value, terms)


def _software_versions(value: Any) -> tuple[str, ...]:
    return tuple(_text("LO", one) for one in (value if isinstance(value, list | tuple) else (value,)))


def _depth(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"must be a number of millimetres, not {value!r}")
    if not 0 < value <= 10:
        raise ValueError(f"is {value} mm; a depth is above 0 (PS3.3 C.8.12.4.1.2) and at most 10 mm")
    return float(value)


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "software_versions": _software_versions,
    "imaged_volume_depth_mm": _depth,
    "specimen_identifier_issuer": checked_issuer,
    "anatomic_site": checked_code,
    "staining_substances": checked_codes,
    "specimen_preparation": checked_steps,
}
