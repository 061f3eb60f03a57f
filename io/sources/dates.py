"""Dates as scanners write them: a DICOM DT, or nothing where there is no such day or time."""

from datetime import datetime, timedelta

_FORMATS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_LEAST_OFFSET, _LARGEST_OFFSET = timedelta(hours=-12), timedelta(hours=14)
"""PS3.5 table 6.2-1, DT."""


def date_time(digits: str, offset: str = "") -> str:
    """Return YYYYMMDD or YYYYMMDDHHMMSS as DT, behind a time the offset from UTC (+HHMM); empty for what is none."""
    form = _FORMATS.get(len(digits))
    if form is None or not (digits.isascii() and digits.isdigit()):
        return ""
    try:
        datetime.strptime(digits, form)
    except ValueError:
        return ""
    return digits + offset if len(digits) == 14 and _is_offset(offset) else digits


def tiff_date_time(text: str) -> str:
    """Return the value of the tag DateTime, `YYYY:MM:DD hh:mm:ss` (TIFF 6.0 section 8), as DT; empty for what is none.

    Writers put other marks between the numbers, or none.
    """
    return date_time("".join(c for c in text if c not in ": "))


def _is_offset(text: str) -> bool:
    try:
        offset = datetime.strptime(text, "%z").utcoffset()
    except ValueError:
        return False
    return offset is not None and _LEAST_OFFSET <= offset <= _LARGEST_OFFSET
