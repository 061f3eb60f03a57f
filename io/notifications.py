"""Notifications of Cloud Storage about objects, as Pub/Sub delivers them, as slides.

https://cloud.google.com/storage/docs/pubsub-notifications: the attributes name event, bucket and object, the payload
is the object's resource as JSON (JSON_API_V1). They come at least once, and in any order.
"""

import json
from collections.abc import Mapping

from pipeline.io.sources.stamp import object_stamp
from pipeline.io.sources.suffixes import is_one_file, is_slide_name
from pipeline.io.storage.bucket import ObjectFacts
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput

_WRITTEN = "OBJECT_FINALIZE"


def slide_of_notification(attributes: Mapping[str, str], payload: bytes, prefix: str) -> SlideInput | None:
    """Return the slide that was written, named by its path below `prefix` (`gs://bucket/folder`).

    None for another event, an object elsewhere, and one without the suffix of a slide of one object: of a slide of
    several, nothing tells when the last one has come. Raises SourceError for a message that is no notification.
    """
    try:
        event, bucket, key = (attributes[name] for name in ("eventType", "bucketId", "objectId"))
    except KeyError as error:
        raise SourceError(f"a message without {error} is no notification of Cloud Storage; see its topic") from error
    uri, inside = f"gs://{bucket}/{key}", f"{prefix.rstrip('/')}/"
    if event != _WRITTEN or not uri.startswith(inside):
        return None
    if not (is_slide_name(key) and is_one_file(key)):
        return None
    facts = _facts(key, attributes, payload)
    return SlideInput(uri=uri, slide_id=uri.removeprefix(inside), stamp=object_stamp(facts), bytes=facts.bytes)


def _facts(key: str, attributes: Mapping[str, str], payload: bytes) -> ObjectFacts:
    """Return what the message says of the object; a listing gives the same."""
    try:
        resource = json.loads(payload)
        return ObjectFacts(key, int(resource["size"]), str(resource["generation"]), resource.get("crc32c", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"the notification about {key} has no JSON_API_V1 payload ({error}); make it with --payload-format=json"
        ) from error
