"""Values are checked against their value representation, and dates against the calendar."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.valuerep import validate_value

from pipeline.model.metadata_values import checked, date_of, time_of

RIGHT = [
    ("LO", "Müller & Söhne 山田"),
    ("SH", "S26-004711"),
    ("CS", "AUTO_2"),
    ("DA", "20240229"),
    ("TM", "14"),
    ("TM", "143052.123456"),
    ("DT", "2026"),
    ("DT", "20260114143052.5-0330"),
    ("UI", "2.25.0"),
    ("PN", "YAMADA^TARO=山田^太郎=やまだ^たろう"),
    ("UT", "two\nlines\\with a backslash"),
]
WRONG = [
    ("LO", "", "empty"),
    ("LO", "a\\b", "backslash"),
    ("LO", "a\nb", "control character"),
    ("LO", "x" * 65, "65 characters; LO allows 64"),
    ("SH", "x" * 17, "SH allows 16"),
    ("CS", "auto", "capital letters"),
    ("DA", "2026-01-14", "YYYYMMDD"),
    ("DA", "20260230", "on no calendar"),
    ("TM", "2561", "on no clock"),
    ("TM", "143", "no time"),
    ("DT", "20261301", "on no calendar"),
    ("DT", "20260114250000", "on no clock"),
    ("DT", "20260114143052+1500", "offset"),
    ("UI", "1.02.3", "leading zeros"),
    ("UI", "1." + "1" * 64, "UI allows 64"),
    ("PN", "A^B^C^D^E^F", "five components"),
    ("PN", "A=B=C=D", "three component groups"),
    ("PN", "x" * 65, "64 a component group"),
]


@pytest.mark.parametrize(("vr", "value"), RIGHT)
def test_a_right_value_is_written_as_it_is(vr: str, value: str) -> None:
    assert checked(vr, value) == value


@pytest.mark.parametrize(("vr", "value", "message"), WRONG)
def test_a_wrong_value_is_told_what_is_wrong(vr: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked(vr, value)


def test_spaces_around_a_value_are_not_significant() -> None:
    assert checked("LO", "  Example Scanners ") == "Example Scanners"


def test_terms_are_enforced() -> None:
    assert checked("CS", "AUTO", ("AUTO", "MANUAL")) == "AUTO"
    with pytest.raises(ValueError, match="one of AUTO, MANUAL"):
        checked("CS", "SOMETIMES", ("AUTO", "MANUAL"))


@given(
    vr=st.sampled_from(["LO", "SH", "CS", "DA", "TM", "DT", "UI", "PN"]),
    value=st.text("0123456789.+-^=AZ_ \\", max_size=24),
)
def test_what_is_accepted_pydicom_accepts_too(vr: str, value: str) -> None:
    try:
        written = checked(vr, value)
    except ValueError:
        return
    validate_value(vr, written, config.RAISE)


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)), st.integers(-12 * 60, 14 * 60))
def test_any_moment_has_its_date_and_time(moment: datetime, offset: int) -> None:
    zone = moment.replace(tzinfo=timezone(timedelta(minutes=offset))).strftime("%z")
    text = f"{moment.year:04d}" + moment.strftime("%m%d%H%M%S.%f")
    assert checked("DT", text + zone) == text + zone
    assert (date_of(text + zone), time_of(text + zone)) == (text[:8], text[8:])


@given(st.dates())
def test_a_date_alone_has_no_time(day: date) -> None:
    text = f"{day.year:04d}{day:%m%d}"
    assert checked("DA", text) == text
    assert (date_of(text), time_of(text)) == (text, "")
    assert date_of(text[:6]) == ""
