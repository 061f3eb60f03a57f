"""Dates and times of a manifest, as its laboratory writes them, in the form of DICOM (PS3.5 6.2: DA, TM, DT)."""

import re
from datetime import UTC, datetime
from functools import cache

DATES = frozenset(("DA", "TM", "DT"))
"""Value representations that a date format can be given for."""
_PROBE = datetime(1931, 4, 12, 21, 15, 27, 125000, tzinfo=UTC)
"""Of the last century and in the evening: `%y` and `%I` alone do not tell it."""


@cache
def check_date_format(vr: str, date_format: str, *, of_birth: bool = False) -> None:
    """Raise ValueError unless the format tells all that the value representation has to hold.

    A year of two digits is none of birth: nobody says which century is meant.
    """
    told = _told(date_format, of_birth=of_birth)
    if vr in ("DA", "DT") and "date" not in told:
        year = ", with all digits of a birth's year" if of_birth else ""
        raise ValueError(f"{date_format!r} does not tell day, month and year{year}, as '%d.%m.%Y' does")
    if vr == "TM" and "minute" not in told:
        raise ValueError(f"{date_format!r} does not tell hour and minute, as '%H:%M' does")


def date_text(vr: str, date_format: str, text: str) -> str:
    """Return a date or time as DICOM writes it, as precise as it is given; ValueError where it has another format."""
    try:
        found = datetime.strptime(text, date_format)
    except ValueError:
        raise ValueError(f"is {text!r}, which is not written as {date_format!r}") from None
    told = _told(date_format, of_birth=False)
    day = f"{found.year:04}{found:%m%d}"
    clock = f"{found:%H%M}" if "minute" in told else ""
    clock += f"{found:%S}" if "second" in told else ""
    clock += f"{found:.%f}" if "second" in told and found.microsecond else ""
    return {"DA": day, "TM": clock, "DT": f"{day}{clock}{found:%z}"}[vr]


@cache
def _told(date_format: str, *, of_birth: bool) -> frozenset[str]:
    """Return what a format tells, found by writing a time in it and reading that."""
    probe = _PROBE if of_birth else _PROBE.replace(year=2017)
    try:
        found = datetime.strptime(probe.strftime(date_format), date_format)
    except (ValueError, re.error) as error:
        raise ValueError(f"{date_format!r} is no format of dates: {error}") from None
    told = {"date"} if found.date() == probe.date() else set()
    if (found.hour, found.minute) == (probe.hour, probe.minute):
        told |= {"minute", "second"} if found.second == probe.second else {"minute"}
    return frozenset(told)
