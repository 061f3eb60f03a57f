"""Notifications of Cloud Storage are slides where they tell of one that was written whole."""

import json

import pytest

from pipeline.io.notifications import slide_of_notification
from pipeline.io.sources.stamp import object_stamp
from pipeline.io.storage.bucket import ObjectFacts
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput

PAYLOAD = json.dumps({"name": "in/a.svs", "bucket": "slides", "generation": "17", "size": "2048"}).encode()


def slide_of(event: str = "OBJECT_FINALIZE", key: str = "in/case/a.svs", payload: bytes = PAYLOAD) -> SlideInput | None:
    attributes = {"eventType": event, "bucketId": "slides", "objectId": key, "objectGeneration": "17"}
    return slide_of_notification(attributes, payload, "gs://slides/in")


def test_an_object_that_was_written_is_a_slide_with_the_stamp_of_a_listing() -> None:
    stamp = object_stamp(ObjectFacts("in/case/a.svs", 2048, "17", ""))
    assert slide_of() == SlideInput(uri="gs://slides/in/case/a.svs", slide_id="case/a.svs", stamp=stamp, bytes=2048)


@pytest.mark.parametrize("event", ["OBJECT_DELETE", "OBJECT_METADATA_UPDATE", "OBJECT_ARCHIVE"])
def test_other_events_are_no_slide(event: str) -> None:
    assert slide_of(event=event) is None


@pytest.mark.parametrize("key", ["out/a.svs", "inner/a.svs", "in/notes.txt", "in/a.mrxs", "in/series/1.dcm"])
def test_objects_elsewhere_and_of_slides_of_several_files_are_no_slide(key: str) -> None:
    assert slide_of(key=key) is None


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"size": "many", "generation": "1"}'])
def test_a_notification_without_its_payload_is_told(payload: bytes) -> None:
    with pytest.raises(SourceError, match="--payload-format=json"):
        slide_of(payload=payload)


def test_another_message_is_told() -> None:
    with pytest.raises(SourceError, match="no notification"):
        slide_of_notification({"hello": "world"}, b"", "gs://slides/in")
