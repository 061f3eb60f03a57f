"""The bytes of a DICOM file around its frames (PS3.10 7, PS3.5 7.1 and A.4).

Header, items, trailer: the items are staged and joined elsewhere, so the header is made from lengths alone. Its own
length depends on the plan, on the number of frames, on the kind of offset table and, where frames are encoded
lossily, on the ratio; so it is known before a frame is written when the frames' lengths can be predicted.
"""

import struct

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, VLWholeSlideMicroscopyImageStorage

from pipeline import __version__
from pipeline.io.dicom.concatenation import Part, part_uid
from pipeline.io.dicom.dataset import instance_dataset
from pipeline.io.dicom.frame_places import FramePlaces, per_frame_groups
from pipeline.io.dicom.offset_table import LARGEST_BASIC_OFFSET, Lengths, offset_tables
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.plan import InstancePlan, SlidePlan

MAX_NATIVE_BYTES = 2**32 - 2
"""Most bytes of native pixel data in one instance: the largest even 32-bit length (PS3.5 7.1.1)."""

IMPLEMENTATION_CLASS_UID = UID("2.25.332382910548002020708872014023469520017")
IMPLEMENTATION_VERSION_NAME = f"SLIDEBEAM_{__version__}"[:16]
_PREAMBLE = bytes(128) + b"DICM"
_UNDEFINED_LENGTH = 0xFFFFFFFF
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def instance_header(
    plan: SlidePlan,
    instance: InstancePlan,
    *,
    item_lengths: Lengths,
    frame_lengths: Lengths,
    part: Part | None = None,
    places: FramePlaces | None = None,
    stored_bytes: int | None = None,
    largest_basic_offset: int = LARGEST_BASIC_OFFSET,
) -> bytes:
    """Return all up to the first frame's item header, or up to the first pixel of native pixel data.

    `item_lengths` are the items' value lengths with padding, `frame_lengths` those without, one a frame each and in
    frame order. Beyond `largest_basic_offset` offsets go into an Extended Offset Table.

    Of a `part` of a concatenation the lengths are those of its frames, and `stored_bytes` are the whole instance's.
    `places` are those of all frames where the instance is TILED_SPARSE.

    Raises StorageError when the lengths are not those of the planned frames, and ConfigError for more native pixel
    data than an instance can hold, or offsets that do not fit the table that was asked for.
    """
    part = part or Part(1, 1, 0, instance.frames)
    for lengths in (item_lengths, frame_lengths):
        if len(lengths) != part.frames:
            raise StorageError(f"{instance.name}: {part.frames} frames are planned, {len(lengths)} are there")
    if stored_bytes is None:
        stored_bytes = int(frame_lengths.sum(dtype="u8"))
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    file.write(_PREAMBLE)
    write_file_meta_info(file, _file_meta(instance, part), enforce_standard=True)
    write_dataset(file, instance_dataset(plan, instance, part, stored_bytes=stored_bytes))
    if places is not None:
        file.write(per_frame_groups(plan, instance, places.part(part.places)))
    dataset: bytes = file.getvalue()
    if not instance.transfer_syntax.is_encapsulated:
        return dataset + _native_element(instance, part)
    try:
        extended, basic = offset_tables(item_lengths, instance.offset_table, largest_basic_offset)
    except ConfigError as error:
        raise ConfigError(f"{instance.name}: {error}") from error
    return b"".join((dataset, extended, _pixel_data(b"OB", _UNDEFINED_LENGTH), basic))


def instance_trailer(instance: InstancePlan, pixel_bytes: int) -> bytes:
    """Return what follows the last frame: the sequence delimiter, or the pad byte that native `pixel_bytes` need."""
    return _SEQUENCE_DELIMITER if instance.transfer_syntax.is_encapsulated else bytes(pixel_bytes % 2)


def _file_meta(instance: InstancePlan, part: Part) -> FileMetaDataset:
    """Return the file meta information (PS3.10 7.1); pydicom adds version and group length."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(part_uid(instance, part))
    meta.TransferSyntaxUID = UID(instance.transfer_syntax.value)
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta


def _native_element(instance: InstancePlan, part: Part) -> bytes:
    """Return the element header of native pixel data: OB for 8 bits, OW for 16 (PS3.5 A.2)."""
    pixel_bytes = instance.frame_bytes * part.frames
    even = pixel_bytes + pixel_bytes % 2
    if even > MAX_NATIVE_BYTES:
        raise ConfigError(
            f"{instance.file_name}: {pixel_bytes} bytes of native pixel data, an instance holds {MAX_NATIVE_BYTES}; "
            "take a compressed --transfer-syntax, --max-instance-mb, or leave this level out with --level"
        )
    return _pixel_data(b"OB" if instance.bits == 8 else b"OW", even)


def _pixel_data(vr: bytes, length: int) -> bytes:
    return struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length)
