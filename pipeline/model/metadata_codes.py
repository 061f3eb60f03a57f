"""Codes and issuers as the user gives them: an object of JSON or its class, each part checked."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pipeline.model.metadata_types import Code, Issuer
from pipeline.model.metadata_values import checked

_ISSUER_TYPES = ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500")
"""Universal Entity ID Type (PS3.3 table 10-17)."""
_CODE_PARTS = {"value": "SH", "scheme_designator": "SH", "meaning": "LO"}
_ISSUER_PARTS = {"local_namespace_entity_id": "UT", "universal_entity_id": "UT", "universal_entity_id_type": "CS"}


def is_left_out(value: Any) -> bool:
    """Whether a value says nothing: None, or empty."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return what to say of a key that is not known, with the nearest that is."""
    nearest = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f'unknown key "{key}"' + (f', did you mean "{nearest[0]}"?' if nearest else "")


def checked_code(value: Any) -> Code:
    """Return a code; ValueError says what is wrong with it."""
    parts = _parts(value, Code, _CODE_PARTS)
    missing = [key for key in _CODE_PARTS if key not in parts]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    return Code(**parts)


def checked_codes(value: Any) -> tuple[Code, ...]:
    """Return codes from one or a list of them."""
    return tuple(checked_code(one) for one in (value if isinstance(value, list | tuple) else (value,)))


def checked_issuer(value: Any) -> Issuer:
    """Return an issuer; ValueError says what is wrong with it."""
    parts = _parts(value, Issuer, _ISSUER_PARTS)
    if not parts:
        raise ValueError(f"names nobody: it has one of {', '.join(_ISSUER_PARTS)}")
    issuer = Issuer(**parts)
    if bool(issuer.universal_entity_id) != bool(issuer.universal_entity_id_type):
        raise ValueError("has universal_entity_id and universal_entity_id_type only together (PS3.3 table 10-17)")
    return issuer


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
        if not isinstance(part, str):
            raise ValueError(f'"{key}" must be a string, not {part!r}')
        try:
            parts[key] = checked(vrs[key], part, _ISSUER_TYPES if key == "universal_entity_id_type" else ())
        except ValueError as error:
            raise ValueError(f'"{key}" {error}') from None
    return parts
