"""Whether what stands in the output is the series that a record tells of."""

import struct

from pipeline.io.storage.contract import OutputStore
from pipeline.model.state import StateRecord

_HEAD_BYTES = 1024
"""Preamble and file meta information lie within."""


def holds_recorded_series(store: OutputStore, record: StateRecord) -> bool:
    """Whether the published files are the recorded ones: names, sizes, and the SOP Instance UID in each file's meta.

    Sizes alone would not do: the same slide written for another patient has the same ones. The UID is derived from the
    slide's content, the options and the metadata, so it stands for all of them.
    """
    return store.published_sizes(record.slide_id) == record.sizes and not strange_files(store, record)


def strange_files(store: OutputStore, record: StateRecord) -> list[str]:
    """Return the published files that are not of the recorded series; one of them that was cut short still is."""
    uids = {instance.file: instance.sop_instance_uid for instance in record.instances}
    return [
        name
        for name in store.published_sizes(record.slide_id)
        if name not in uids or _uid_element(uids[name]) not in store.read_published(record.slide_id, name, _HEAD_BYTES)
    ]


def _uid_element(uid: str) -> bytes:
    """Return Media Storage SOP Instance UID (0002,0003) as it stands in the file meta (PS3.10 7.1)."""
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return struct.pack("<HH2sH", 0x0002, 0x0003, b"UI", len(value)) + value
