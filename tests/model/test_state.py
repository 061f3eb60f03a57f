"""State records come back as they were written, know their own slide, and damaged ones are told by name."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.errors import StorageError
from pipeline.model.state import InstanceRecord, Stage, StateRecord, record_text
from tests.io.dicom.plans import slide_plan

NAMES = st.text(max_size=12)
COUNTS = st.integers(0, 2**48)
RECORDS = st.builds(
    StateRecord,
    stage=st.sampled_from(Stage),
    slide_id=NAMES,
    uri=NAMES,
    job=NAMES,
    overwrite=st.booleans(),
    fingerprint=NAMES,
    config_digest=NAMES,
    series_instance_uid=NAMES,
    instances=st.lists(
        st.builds(InstanceRecord, file=NAMES, instance=NAMES, bytes=COUNTS, frames=COUNTS, sop_instance_uid=NAMES),
        max_size=4,
    ).map(tuple),
)
RECORD = StateRecord(
    stage=Stage.INTENT,
    slide_id="a/b.svs",
    uri="slides/a/b.svs",
    job="job",
    overwrite=False,
    fingerprint="f" * 32,
    config_digest="c" * 16,
    series_instance_uid="2.25.1",
    instances=(
        InstanceRecord(file="level-0.dcm", instance="level-0", bytes=1234, frames=5, sop_instance_uid="2.25.2"),
    ),
)


@given(RECORDS)
def test_a_record_comes_back(record: StateRecord) -> None:
    assert StateRecord.from_json(record.to_json(), "slide") == record


def test_a_record_is_readable_json_with_a_schema() -> None:
    values = json.loads(RECORD.to_json())
    assert values["schema"] == "slidebeam-state-1"
    assert values["stage"] == "intent"
    assert values["instances"][0]["file"] == "level-0.dcm"


def test_sizes_are_those_of_the_files() -> None:
    assert RECORD.sizes == {"level-0.dcm": 1234}


@pytest.mark.parametrize("field", ["fingerprint", "config_digest", "series_instance_uid"])
def test_a_record_matches_the_same_slide_and_options_only(field: str) -> None:
    plan = slide_plan()
    record = dataclasses.replace(
        RECORD,
        fingerprint=plan.fingerprint,
        config_digest=plan.config_digest,
        series_instance_uid=plan.series_instance_uid,
    )
    assert record.matches(plan)
    assert not dataclasses.replace(record, **{field: "other"}).matches(plan)


def damaged() -> dict[str, str]:
    """Return texts that are no records, by what is wrong with them."""
    values = json.loads(RECORD.to_json())
    (instance,) = values["instances"]
    without = {key: value for key, value in values.items() if key != "job"}
    return {
        "empty": "",
        "cut short": RECORD.to_json()[:-20],
        "no JSON": "stage: intent",
        "a list": "[]",
        "a number": "17",
        "null": "null",
        "another schema": json.dumps({**values, "schema": "slidebeam-state-2"}),
        "no schema": json.dumps({key: value for key, value in values.items() if key != "schema"}),
        "unknown stage": json.dumps({**values, "stage": "half"}),
        "a field missing": json.dumps(without),
        "a field too many": json.dumps({**values, "extra": 1}),
        "instances no list": json.dumps({**values, "instances": 5}),
        "instances no objects": json.dumps({**values, "instances": ["level-0.dcm"]}),
        "instance incomplete": json.dumps({**values, "instances": [{"file": "a"}]}),
        "a number for a text": json.dumps({**values, "job": 5}),
        "null for a text": json.dumps({**values, "source_stamp": None}),
        "a text for a truth": json.dumps({**values, "overwrite": "no"}),
        "a number for a UID": json.dumps({**values, "instances": [{**instance, "sop_instance_uid": 5}]}),
        "a text for bytes": json.dumps({**values, "instances": [{**instance, "bytes": "1234"}]}),
        "a fraction for bytes": json.dumps({**values, "instances": [{**instance, "bytes": 1234.0}]}),
        "a truth for frames": json.dumps({**values, "instances": [{**instance, "frames": True}]}),
        "lists in lists": "[" * 100_000,
    }


@pytest.mark.parametrize("what", damaged())
def test_a_damaged_record_is_an_error_that_says_what_to_do(what: str) -> None:
    with pytest.raises(StorageError, match=r"state record of a/b\.svs is damaged .* remove it from _state"):
        StateRecord.from_json(damaged()[what], "a/b.svs")


@given(RECORDS)
def test_bytes_of_a_record_are_its_text(record: StateRecord) -> None:
    assert record_text(record.to_json().encode(), "slide") == record.to_json()


def test_bytes_that_are_no_text_are_damage_too() -> None:
    with pytest.raises(StorageError, match=r"state record of a/b\.svs is damaged .* remove it from _state"):
        record_text(RECORD.to_json().encode("utf-16"), "a/b.svs")


@pytest.mark.parametrize("field", ["fingerprint", "config_digest", "series_instance_uid", "instances"])
def test_the_same_series_is_told_whichever_job_wrote_it(field: str) -> None:
    other = dataclasses.replace(RECORD, stage=Stage.DONE, job="other", overwrite=True, source_stamp="5")
    assert RECORD.is_of_same_series(other)
    changed = () if field == "instances" else "other"
    assert not RECORD.is_of_same_series(dataclasses.replace(other, **{field: changed}))
