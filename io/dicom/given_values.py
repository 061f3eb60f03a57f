"""Values of attributes as JSON has them, checked against value representation and multiplicity (PS3.5 6.2, 6.4)."""

import math
import re
import struct
from typing import Any

from pydicom import config
from pydicom.valuerep import validate_value

from pipeline.model.metadata_values import checked

_TEXTS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
_OF_ONE_VALUE = ("LT", "ST", "UR", "UT")
"""A backslash is text in these."""
_OWN_CHECKS = ("CS", "DA", "DT", "LO", "PN", "SH", "TM", "UI")
_WHOLE = {"SS": "<h", "US": "<H", "SL": "<i", "UL": "<I", "SV": "<q", "UV": "<Q"}
_REAL = {"FL": "<f", "FD": "<d"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
"""All but tab, line ends and escape."""


def checked_element(vr: str, multiplicity: str, value: Any) -> Any:
    """Return an element's value as pydicom takes it; ValueError says what is wrong with it.

    `vr` and `multiplicity` are those of PS3.6; of two representations the unsigned one counts.
    """
    vr = vr.split(" or ")[0]
    values = _values(vr, value)
    _check_multiplicity(multiplicity, len(values))
    written = [_value(vr, one) for one in values]
    if not written:
        return None
    return written[0] if len(written) == 1 else written


def _values(vr: str, value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, str) and vr in _TEXTS and vr not in _OF_ONE_VALUE:
        return value.split("\\")
    return [value]


def _value(vr: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"must be text or a number, not {value!r}")
    if vr in _WHOLE or vr in _REAL:
        return _number(vr, value)
    if vr == "AT":
        if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{4},?[0-9A-Fa-f]{4}", value):
            raise ValueError(f"{value!r} is no tag; AT is gggg,eeee")
        return int(value.replace(",", ""), 16)
    if vr not in _TEXTS:
        raise ValueError(f"is of {vr}: binary values are not taken")
    if not isinstance(value, str):
        if vr not in ("DS", "IS"):
            raise ValueError(f"must be a string, not {value!r}")
        value = str(value)
    if vr in _OWN_CHECKS:
        return checked(vr, value)
    if _CONTROLS.search(value):
        raise ValueError("holds a control character")
    try:
        validate_value(vr, value, config.RAISE)
        if vr == "DS" and not math.isfinite(float(value)):
            raise ValueError
    except ValueError:
        raise ValueError(f"{value[:40]!r} is no value of {vr} (PS3.5 table 6.2-1)") from None
    return value


def _number(vr: str, value: str | int | float) -> int | float:
    try:
        number = float(value) if vr in _REAL else int(value)
        if vr in _WHOLE and number != float(value):
            raise ValueError
        struct.pack({**_WHOLE, **_REAL}[vr], number)
    except (ValueError, OverflowError, struct.error):
        raise ValueError(f"{value!r} is no value of {vr} (PS3.5 table 6.2-1)") from None
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number


def _check_multiplicity(multiplicity: str, count: int) -> None:
    """Raise ValueError for a number of values that a multiplicity as 1, 1-3, 1-n or 2-2n does not allow."""
    if not count:
        return
    least, _, most = multiplicity.partition("-")
    step = 1
    if most.endswith("n"):
        step = int(most[:-1] or 1)
        fits = count >= int(least) and count % step == 0
    else:
        fits = int(least) <= count <= int(most or least)
    if not fits:
        raise ValueError(f"has {count} values, and its multiplicity is {multiplicity}")
