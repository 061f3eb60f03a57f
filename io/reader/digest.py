"""A digest of what an image says of itself, equal in every process, so that a slide can be told from another."""

from collections.abc import Iterable
from hashlib import sha256

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from pipeline.io.reader.concatenation import parts_of

_OF_THE_ARCHIVE = ("RetrieveAETitle", "InstanceAvailability", "RetrieveURL", "AvailableTransferSyntaxUID")
"""Attributes of queries (PS3.4 C.3.4): where an instance can be had, and not what it is."""


def metadata_digest(metadata: Dataset) -> str:
    """Return the SHA-256 of a data set without its file meta information, in explicit VR little endian."""
    data = Dataset(
        {
            element.tag: element
            for element in metadata
            if element.tag.group != 0x0002 and element.keyword not in _OF_THE_ARCHIVE
        }
    )
    encoded = DicomBytesIO()
    encoded.is_little_endian = True
    encoded.is_implicit_VR = False
    write_dataset(encoded, data)
    parts = "".join(f"{part.sop_instance_uid} {part.first_frame} {part.frames}\n" for part in parts_of(metadata))
    return sha256(encoded.getvalue() + parts.encode()).hexdigest()


def joint_digest(digests: Iterable[str]) -> str:
    """Return one digest for many, whatever their order."""
    return sha256("".join(sorted(digests)).encode()).hexdigest()
