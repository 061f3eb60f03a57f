"""UIDs are valid, repeatable, and different for whatever differs."""

import uuid

from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from pipeline.model.uids import derived_uid, mapped_uid

NAMES = st.lists(st.text(max_size=20), max_size=5)


@given(NAMES)
def test_a_uid_is_a_uuid_under_2_25(parts: list[str]) -> None:
    uid = derived_uid(parts)
    assert UID(uid).is_valid
    assert len(uid) <= 64
    number = uuid.UUID(int=int(uid.removeprefix("2.25.")))
    assert (number.version, number.variant) == (8, uuid.RFC_4122)


@given(NAMES)
def test_the_same_names_give_the_same_uid(parts: list[str]) -> None:
    assert derived_uid(parts) == derived_uid(iter(parts))


@given(NAMES, NAMES)
def test_other_names_give_another_uid(one: list[str], other: list[str]) -> None:
    assert (derived_uid(one) == derived_uid(other)) is (one == other)


def test_where_one_name_ends_matters() -> None:
    uids = {derived_uid(parts) for parts in (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"])}
    assert len(uids) == 5


def test_a_uid_of_this_writer_version() -> None:
    """If this changes, every object that was ever written gets another UID: raise WRITER_VERSION on purpose only."""
    assert derived_uid(["series", "fingerprint", "digest", ""]) == "2.25.82636842423908313370066047954559021767"


def test_a_mapped_uid_is_one_of_the_key() -> None:
    key, other = b"0123456789abcdef", b"0123456789abcdeF"
    assert mapped_uid("1.2.3", key) == mapped_uid("1.2.3", key)
    assert len({mapped_uid(uid, k) for uid in ("1.2.3", "1.2.4") for k in (key, other)}) == 4
    assert UID(mapped_uid("1.2.3", key)).is_valid
