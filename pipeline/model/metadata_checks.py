"""What a key of the metadata may hold: the one place of these rules, for JSON and for Python.

A code or an issuer is an object of JSON or its class; where several values may stand, one may stand alone.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from pipeline.model.metadata_types import Code, Element, Issuer
from pipeline.model.metadata_values import checked

_ISSUER_TYPES = ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500")
"""Universal Entity ID Type (PS3.3 table 10-17)."""
_CODE_PARTS = {"value": "SH", "scheme_designator": "SH", "meaning": "LO"}
_ISSUER_PARTS = {"local_namespace_entity_id": "UT", "universal_entity_id": "UT", "universal_entity_id_type": "CS"}


def is_left_out(value: Any) -> bool:
    """Whether a value says nothing: None, or empty."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def checked_value(element: Element, value: Any) -> Any:
    """Return the value of a key as `GivenMetadata` holds it; ValueError says what is wrong with it."""
    special = _SPECIAL.get(element.key)
    return special(value) if special else _text(element.vr, value, element.terms)


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return what to say of a key that is not known, with the nearest that is."""
    nearest = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f'unknown key "{key}"' + (f', did you mean "{nearest[0]}"?' if nearest else "")


def _text(vr: str, value: Any, terms: tuple[str, ...] = ()) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {value!r}")
    return checked(vr, value, terms)


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _software_versions(value: Any) -> tuple[str, ...]:
    return tuple(_text("LO", one) for one in _several(value))


def _depth(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"must be a number of millimetres, not {value!r}")
    if not 0 < value <= 10:
        raise ValueError(f"is {value} mm; a depth is above 0 (PS3.3 C.8.12.4.1.2) and at most 10 mm")
    return float(value)


def _parts(value: Any, kind: type[Code | Issuer], vrs: dict[str, str]) -> dict[str, str]:
    """Return the parts of an object of JSON or of the class that have a value, each checked."""
    given = asdict(value) if isinstance(value, kind) else value
    if not isinstance(given, dict):
        raise ValueError(f"must be an object with {', '.join(vrs)}")
    for key in given:
        if key not in vrs:
            raise ValueError(f"has an {unknown_key(key, vrs)}")
    parts = {}
    for key, part in given.items():
        if is_left_out(part):
            continue
        try:
            parts[key] = _text(vrs[key], part, _ISSUER_TYPES if key == "universal_entity_id_type" else ())
        except ValueError as error:
            raise ValueError(f'"{key}" {error}') from None
    return parts


def _code(value: Any) -> Code:
    parts = _parts(value, Code, _CODE_PARTS)
    missing = [key for key in _CODE_PARTS if key not in parts]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    return Code(**parts)


def _codes(value: Any) -> tuple[Code, ...]:
    return tuple(_code(one) for one in _several(value))


def _issuer(value: Any) -> Issuer:
    parts = _parts(value, Issuer, _ISSUER_PARTS)
    if not parts:
        raise ValueError(f"names nobody: it has one of {', '.join(_ISSUER_PARTS)}")
    issuer = Issuer(**parts)
    if bool(issuer.universal_entity_id) != bool(issuer.universal_entity_id_type):
        raise ValueError("has universal_entity_id and universal_entity_id_type only together (PS3.3 table 10-17)")
    return issuer


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "software_versions": _software_versions,
    "imaged_volume_depth_mm": _depth,
    "specimen_identifier_issuer": _issuer,
    "anatomic_site": _code,
    "staining_substances": _codes,
}
