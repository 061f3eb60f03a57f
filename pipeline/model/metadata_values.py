"""What a value of each value representation may look like (PS3.5 6.2).

A check returns the value as it is written, without insignificant spaces, or raises ValueError with what is wrong with
it.
"""

import re
from datetime import date, time
from unicodedata import category

LARGEST_LENGTH = {"LO": 64, "SH": 16, "CS": 16, "UI": 64, "UT": 4096}
"""Characters a value. UT allows 2**32 - 2; a label holds less."""

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?P<time>\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)?)?"
    r"(?P<offset>[+-]\d{4})?"
)
_CODE_STRING = re.compile(r"[A-Z0-9 _]+")
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_LINE_BREAKS = "\t\n\f\r"
_OFFSETS = range(-12 * 60, 14 * 60 + 1)


def checked(vr: str, value: str, terms: tuple[str, ...] = ()) -> str:
    """Return the value as written in this value representation (PS3.5 table 6.2-1); ValueError says what is wrong.

    `terms` are the enumerated values of its attribute, if it has any.
    """
    value = value.strip(" ")
    if not value:
        raise ValueError("is empty; leave the key out instead")
    if any(category(c) == "Cc" and not (vr == "UT" and c in _LINE_BREAKS) for c in value):
        raise ValueError("holds a control character")
    if "\\" in value and vr != "UT":
        raise ValueError("holds a backslash, which separates values in DICOM")
    if vr in LARGEST_LENGTH and len(value) > LARGEST_LENGTH[vr]:
        raise ValueError(f"has {len(value)} characters; {vr} allows {LARGEST_LENGTH[vr]}")
    if terms and value not in terms:
        raise ValueError(f"is {value!r}; it is one of {', '.join(terms)}")
    form = _FORMS.get(vr)
    if form:
        form(value)
    return value


def date_of(date_time: str) -> str:
    """Return the date of a DT value as DA, empty when it is less precise than a day."""
    match = _DATE_TIME.fullmatch(date_time)
    return date_time[:8] if match and match["day"] else ""


def time_of(date_time: str) -> str:
    """Return the time of a DT value as TM, empty when it has none."""
    match = _DATE_TIME.fullmatch(date_time)
    return (match["time"] or "") if match else ""


def _date(value: str) -> None:
    match = _DATE.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no date; DA is YYYYMMDD")
    _on_calendar(value, *map(int, match.groups()))


def _time(value: str) -> None:
    match = _TIME.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no time; TM is HHMMSS, with a fraction if need be")
    _on_clock(value, *(int(part or 0) for part in match.groups()[:3]))


def _date_time(value: str) -> None:
    match = _DATE_TIME.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no date and time; DT is YYYYMMDDHHMMSS, with an offset as +HHMM if known")
    _on_calendar(value, int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    if match["time"]:
        _time(match["time"])
    if match["offset"]:
        hours, minutes = int(match["offset"][:3]), int(match["offset"][3:])
        if minutes > 59 or hours * 60 not in _OFFSETS:
            raise ValueError(f"{value!r} has the offset {match['offset']}; DT allows -1200 to +1400")


def _on_calendar(value: str, year: int, month: int, day: int) -> None:
    try:
        date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{value!r} is on no calendar: {error}") from None


def _on_clock(value: str, hour: int, minute: int, second: int) -> None:
    try:
        time(hour, minute, min(second, 59))
    except ValueError as error:
        raise ValueError(f"{value!r} is on no clock: {error}") from None
    if second > 60:
        raise ValueError(f"{value!r} is on no clock: second must be in 0..60")


def _code_string(value: str) -> None:
    if not _CODE_STRING.fullmatch(value):
        raise ValueError(f"{value!r} is no code string; CS has capital letters, digits, space and underscore")


def _uid(value: str) -> None:
    if not _UID.fullmatch(value):
        raise ValueError(f"{value!r} is no UID; UI has numbers without leading zeros, separated by dots")


def _person_name(value: str) -> None:
    groups = value.split("=")
    if len(groups) > 3:
        raise ValueError("has more than three component groups (alphabetic=ideographic=phonetic)")
    for group in groups:
        if len(group) > 64:
            raise ValueError(f"has {len(group)} characters; PN allows 64 a component group")
        if group.count("^") > 4:
            raise ValueError("has more than five components; PN is FAMILY^GIVEN^MIDDLE^PREFIX^SUFFIX")


_FORMS = {"DA": _date, "TM": _time, "DT": _date_time, "CS": _code_string, "UI": _uid, "PN": _person_name}
