"""A frame of a level as an instance of its own: a DICOM file of one frame that stands for itself (PS3.10, A.32.8).

It is the file's header but for what is of the whole: one frame, TILED_SPARSE with the frame's place, no offset table of
others, no concatenation. Its SOP Instance UID follows from the file's and the frame's number; Source Image and Frame
Extraction (PS3.3 C.12.3) name both. Study, series, frame of reference and total pixel matrix stay. What stands between
the functional groups and the pixel data of a file, which no module of the IOD does, is left out.

The header is written once, cut where a frame's own elements go.
"""

from typing import Any

from pydicom import Dataset
from pydicom import Sequence as DicomSequence
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

from pipeline.io.dicom.element_writer import ElementWriter, item_bytes
from pipeline.io.dicom.elements import UNDEFINED_LENGTH
from pipeline.io.dicom.header import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from pipeline.io.reader.concatenation import OF_A_PART
from pipeline.io.reader.streaming.frame_groups import FrameGroups
from pipeline.io.reader.streaming.level_file import LevelFile
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.model.uids import derived_uid

_SOP_INSTANCE, _EXTRACTION, _SOURCE_IMAGE, _NUMBER, _PER_FRAME, _PIXELS = _OWN = (
    0x00080018,
    0x00081164,
    0x00082112,
    0x00200013,
    0x52009230,
    0x7FE00010,
)
"""The elements that each frame has of its own, in their order."""
_SOP_CLASS_OF, _SOP_INSTANCE_OF, _FRAME_OF = 0x00081150, 0x00081155, 0x00081160
_FRAME_LIST, _MULTI_FRAME_SOURCE, _PURPOSE = 0x00081161, 0x00081167, 0x0040A170
_CODE, _SCHEME, _MEANING = 0x00080100, 0x00080102, 0x00080104
_META_LENGTH, _META_VERSION, _META_CLASS, _META_INSTANCE = 0x00020000, 0x00020001, 0x00020002, 0x00020003
_META_SYNTAX, _META_WRITER, _META_WRITER_NAME = 0x00020010, 0x00020012, 0x00020013
_PREAMBLE = bytes(128) + b"DICM"
_ONE_ENTRY = item_bytes(bytes(4))
"""A Basic Offset Table of one frame."""
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


class FrameInstances:
    """Instances of the frames of one file; many threads may make them."""

    def __init__(self, level: LevelFile, *, uncompressed: bool) -> None:
        """Prepare instances with frames as stored, or, if `uncompressed`, native frames in explicit VR."""
        self._level = level
        self._uncompressed = uncompressed
        self._implicit = level.header.implicit and not uncompressed
        self._sop_class = str(level.instance.header.SOPClassUID)
        self._syntax = (
            TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.value if uncompressed else level.instance.parsed.transfer_syntax
        )
        self._groups = FrameGroups(level, implicit=self._implicit)
        self._pieces = self._written(self._common())

    def make(self, frame: int, pixels: Buffer) -> bytes:
        """Return the file of a frame, counted from 0 in its source file: `pixels` as stored, or native."""
        uid = frame_uid(self._level.sop_instance_uid, frame, uncompressed=self._uncompressed)
        write = ElementWriter(implicit=self._implicit)
        own = (
            write.text(_SOP_INSTANCE, b"UI", uid),
            self._extraction(write, frame),
            self._source_image(write, frame),
            write.text(_NUMBER, b"IS", str(self._level.instance.first_frame + frame + 1)),
            write.sequence(_PER_FRAME, self._groups.item(frame)),
            self._pixel_data(write, pixels),
        )
        parts = [_PREAMBLE, self._meta(uid)]
        for piece, element in zip(self._pieces, own, strict=True):
            parts += (piece, element)
        return b"".join(parts)

    def _common(self) -> Dataset:
        """Return what all frames have in common."""
        header = self._level.instance.header[:]
        for keyword in OF_A_PART:
            if keyword in header:
                delattr(header, keyword)
        for tag in _OWN:
            if tag in header:
                del header[tag]
        referenced = [*(header.get("ReferencedSeriesSequence") or ()), _reference(header, self._level.sop_instance_uid)]
        _put(header, "ReferencedSeriesSequence", DicomSequence(referenced))
        _put(header, "NumberOfFrames", 1)
        _put(header, "DimensionOrganizationType", "TILED_SPARSE")
        if self._groups.places is not None:
            indices = self._groups.places.indices
            organization = Dataset()
            organization.DimensionOrganizationUID = indices[0].DimensionOrganizationUID
            _put(header, "DimensionOrganizationSequence", DicomSequence([organization]))
            _put(header, "DimensionIndexSequence", DicomSequence(indices))
            _take_out_places(header)
        if self._uncompressed:
            form = self._level.instance.form
            if form.samples > 1:
                _put(header, "PhotometricInterpretation", "RGB")
                _put(header, "PlanarConfiguration", 0)
            header.decode()  # what is in implicit VR has none yet
        return header

    def _written(self, header: Dataset) -> list[bytes]:
        """Return the header as bytes, cut before each of the elements that frames have of their own."""
        pieces, start = [], 0
        for tag in _OWN:
            file = DicomBytesIO()
            file.is_little_endian, file.is_implicit_VR = True, self._implicit
            write_dataset(file, header[Tag(start) : Tag(tag)], header.get("SpecificCharacterSet", ""))
            pieces.append(file.getvalue())
            start = tag
        return pieces

    def _meta(self, uid: str) -> bytes:
        """Return the file meta information (PS3.10 7.1)."""
        write = ElementWriter(implicit=False)
        meta = b"".join(
            (
                write.element(_META_VERSION, b"OB", b"\x00\x01"),
                write.text(_META_CLASS, b"UI", self._sop_class),
                write.text(_META_INSTANCE, b"UI", uid),
                write.text(_META_SYNTAX, b"UI", self._syntax),
                write.text(_META_WRITER, b"UI", str(IMPLEMENTATION_CLASS_UID)),
                write.text(_META_WRITER_NAME, b"SH", IMPLEMENTATION_VERSION_NAME),
            )
        )
        return write.number(_META_LENGTH, b"UL", len(meta)) + meta

    def _extraction(self, write: ElementWriter, frame: int) -> bytes:
        return write.sequence(
            _EXTRACTION,
            write.number(_FRAME_LIST, b"UL", frame + 1)
            + write.text(_MULTI_FRAME_SOURCE, b"UI", self._level.sop_instance_uid),
        )

    def _source_image(self, write: ElementWriter, frame: int) -> bytes:
        return write.sequence(
            _SOURCE_IMAGE,
            write.text(_SOP_CLASS_OF, b"UI", self._sop_class)
            + write.text(_SOP_INSTANCE_OF, b"UI", self._level.sop_instance_uid)
            + write.text(_FRAME_OF, b"IS", str(frame + 1))
            + write.sequence(
                _PURPOSE,
                write.text(_CODE, b"SH", "121322")
                + write.text(_SCHEME, b"SH", "DCM")
                + write.text(_MEANING, b"LO", "Source image for image processing operation"),
            ),
        )

    def _pixel_data(self, write: ElementWriter, pixels: Buffer) -> bytes:
        data = bytes(pixels) + bytes(len(pixels) % 2)
        if self._uncompressed or not self._level.instance.form.transfer_syntax.is_encapsulated:
            vr = self._level.pixel_vr if self._level.pixel_vr in (b"OB", b"OW") and not self._uncompressed else b""
            return write.element(_PIXELS, vr or (b"OB" if self._level.instance.form.bits == 8 else b"OW"), data)
        items = _ONE_ENTRY + item_bytes(data) + _SEQUENCE_DELIMITER
        return write.element(_PIXELS, b"OB", items, length=UNDEFINED_LENGTH)


def frame_uid(sop_instance_uid: str, frame: int, *, uncompressed: bool) -> str:
    """Return the SOP Instance UID of a frame, counted from 0, of an instance: the same in every process."""
    form = ("uncompressed",) if uncompressed else ()
    return derived_uid(("frame", sop_instance_uid, str(frame + 1), *form))


def _reference(header: Dataset, sop_instance_uid: str) -> Dataset:
    """Return the source file as the Common Instance Reference module names it (PS3.3 C.12.2)."""
    instance, series = Dataset(), Dataset()
    instance.ReferencedSOPClassUID = header.SOPClassUID
    instance.ReferencedSOPInstanceUID = sop_instance_uid
    series.ReferencedInstanceSequence = DicomSequence([instance])
    series.SeriesInstanceUID = header.SeriesInstanceUID
    return series


def _take_out_places(header: Dataset) -> None:
    """Leave the places that frames share out of the shared functional groups: each frame says its own."""
    shared = next(iter(header.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    if "PlanePositionSlideSequence" in shared or "FrameContentSequence" in shared:
        kept = shared[:]
        for keyword in ("PlanePositionSlideSequence", "FrameContentSequence"):
            if keyword in kept:
                delattr(kept, keyword)
        _put(header, "SharedFunctionalGroupsSequence", DicomSequence([kept]))


def _put(header: Dataset, keyword: str, value: Any) -> None:
    """Give a data set an element of its own; to set the value of one would set it in the data set that it came from."""
    if keyword in header:
        delattr(header, keyword)
    setattr(header, keyword, value)
