"""Where the frames of a written file lie, from its header and offset table, without a look at the pixels.

Without a table the items are followed from the first on.

The losslessness certificate reads frames back through it, so each item header is checked where a frame is read: what
the table says must be what stands in the file.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.io.storage.byte_reader import ByteReader
from pipeline.model.errors import SourceError

_UNDEFINED_LENGTH = 0xFFFFFFFF
_DELIMITER_TAG = b"\xfe\xff\xdd\xe0"
_OTHER_ENCODINGS = (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
"""All others are explicit VR little endian (PS3.5 10), also those that pydicom does not know, as JPEG XL."""
_PIXEL_DATA = struct.pack("<HH", 0x7FE0, 0x0010)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameIndex:
    """Frames of one file, by their places in it."""

    transfer_syntax: str
    """UID."""
    rows: int
    columns: int
    samples: int
    bits: int
    """Bits Allocated."""
    photometric: str
    frames: int
    encapsulated: bool
    offsets: NDArray[np.uint64]
    """Place of each frame's first byte in the file."""
    lengths: NDArray[np.uint64]
    """Bytes of each frame: as an Extended Offset Table says, with or without padding; else those of the item,
    which include a pad byte where there is one."""

    @classmethod
    def read(cls, source: str | os.PathLike[str] | BinaryIO) -> Self:
        """Return the index of a file, given as a path or opened for reading in binary with seek.

        Raises SourceError for what is no DICOM image, has neither an offset table nor one item a frame, or ends before
        they do.
        """
        if isinstance(source, str | os.PathLike):
            with Path(source).open("rb") as file:
                return cls._read(file, str(source))
        return cls._read(source, getattr(source, "name", "DICOM file"))

    def read_frame(self, file: int | ByteReader, frame: int) -> bytes:
        """Return a frame from a file descriptor or reader, at its own place: many threads may share it.

        Raises SourceError when there is no item of this frame where the table says.
        """
        header = ITEM_HEADER_BYTES if self.encapsulated else 0
        offset, length = int(self.offsets[frame]), int(self.lengths[frame])
        place, size = offset - header, header + length
        data = os.pread(file, size, place) if isinstance(file, int) else file.read(place, size)
        if len(data) != header + length:
            raise SourceError(f"frame {frame} ends beyond the file", frame=frame)
        if header and (data[:4] != ITEM_TAG or _u4(data[4:8]) not in (length, length + length % 2)):
            raise SourceError(
                f"no item of frame {frame} begins at {offset - header}, where the offset table says", frame=frame
            )
        return data[header:]

    @classmethod
    def _read(cls, file: BinaryIO, name: str) -> Self:
        try:
            dataset = dcmread(file, stop_before_pixels=True)
            at = file.tell()
            syntax = dataset.file_meta.TransferSyntaxUID
            frames = int(dataset.get("NumberOfFrames") or 1)
            rows, columns, samples = int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel)
            bits, photometric = int(dataset.BitsAllocated), str(dataset.PhotometricInterpretation)
        except (InvalidDicomError, AttributeError, EOFError, ValueError, struct.error) as error:
            raise SourceError(f"{name}: not a DICOM image: {error}", uri=name) from error
        file.seek(at)
        element = file.read(12)
        if element[:4] != _PIXEL_DATA or str(syntax) in _OTHER_ENCODINGS:
            raise SourceError(f"{name}: no pixel data in explicit VR little endian follows the header", uri=name)
        frame_bytes = rows * columns * samples * (bits // 8)
        if _u4(element[8:12]) == _UNDEFINED_LENGTH:
            offsets, lengths = _encapsulated(file, dataset, frames, name)
        else:
            offsets = np.uint64(at + 12) + np.arange(frames, dtype=np.uint64) * np.uint64(frame_bytes)
            lengths = np.full(frames, frame_bytes, np.uint64)
            if _u4(element[8:12]) < frame_bytes * frames:
                raise SourceError(
                    f"{name}: pixel data of {_u4(element[8:12])} bytes cannot hold {frames} frames", uri=name
                )
        size = file.seek(0, os.SEEK_END)
        if int(offsets.max()) > size or int(lengths.max()) > size or int((offsets + lengths).max()) > size:
            raise SourceError(f"{name}: frames end beyond the file, which was cut short", uri=name)
        return cls(
            transfer_syntax=str(syntax),
            rows=rows,
            columns=columns,
            samples=samples,
            bits=bits,
            photometric=photometric,
            frames=frames,
            encapsulated=_u4(element[8:12]) == _UNDEFINED_LENGTH,
            offsets=offsets,
            lengths=lengths,
        )


def _encapsulated(
    file: BinaryIO, dataset: Dataset, frames: int, name: str
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return offsets and lengths from the table of a file that stands behind the pixel data element's header."""
    tag, length = _item(file, name)
    if tag != ITEM_TAG:
        raise SourceError(f"{name}: no Basic Offset Table item begins the pixel data (PS3.5 A.4)", uri=name)
    if length not in (0, 4 * frames):
        raise SourceError(f"{name}: {frames} frames and a Basic Offset Table of {length} bytes", uri=name)
    table = file.read(length)
    if len(table) < length:
        raise SourceError(f"{name}: ends within its Basic Offset Table", uri=name)
    basic = np.frombuffer(table, "<u4").astype(np.uint64)
    first_value = np.uint64(file.tell() + ITEM_HEADER_BYTES)
    if "ExtendedOffsetTable" in dataset:
        tables = dataset.ExtendedOffsetTable, dataset.get("ExtendedOffsetTableLengths", b"")
        if {len(table) for table in tables} != {8 * frames}:
            raise SourceError(f"{name}: {frames} frames, and an Extended Offset Table of another size", uri=name)
        relative, lengths = (np.frombuffer(table, "<u8").astype(np.uint64) for table in tables)
    elif length or frames == 1:
        relative = basic if length else np.zeros(1, np.uint64)
        lengths = _item_lengths(file, relative, int(first_value), name)
    else:
        relative, lengths = _followed(file, frames, name)
    return relative + first_value, lengths


def _followed(file: BinaryIO, frames: int, name: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return places and lengths of the frames of a file without a table: each is an item, and stands behind the other.

    Frames of several fragments cannot be told apart so: there are more items than frames, which is an error.
    """
    lengths = list[int]()
    while len(lengths) < frames:
        tag, length = _item(file, name)
        if tag != ITEM_TAG:
            raise SourceError(f"{name}: {frames} frames, no offset table and {len(lengths)} items", uri=name)
        lengths.append(length)
        file.seek(length, os.SEEK_CUR)
    if _item(file, name)[0] != _DELIMITER_TAG:
        raise SourceError(f"{name}: {frames} frames, no offset table and more items than frames", uri=name)
    starts = np.cumsum([0, *(length + ITEM_HEADER_BYTES for length in lengths[:-1])])
    return starts.astype(np.uint64), np.array(lengths, np.uint64)


def _item_lengths(file: BinaryIO, relative: NDArray[np.uint64], first_value: int, name: str) -> NDArray[np.uint64]:
    """Return the items' lengths: each ends where the next begins, and the last one before the sequence delimiter."""
    steps = np.diff(relative.astype(np.int64)) - ITEM_HEADER_BYTES
    if (steps < 0).any():
        raise SourceError(f"{name}: the Basic Offset Table does not ascend", uri=name)
    file.seek(int(relative[-1]) + first_value - ITEM_HEADER_BYTES)
    tag, last = _item(file, name)
    file.seek(last, os.SEEK_CUR)
    if tag != ITEM_TAG or _item(file, name)[0] != _DELIMITER_TAG:
        raise SourceError(f"{name}: the last frame is not one item with the sequence delimiter behind it", uri=name)
    return np.append(steps, last).astype(np.uint64)


def _item(file: BinaryIO, name: str) -> tuple[bytes, int]:
    header = file.read(ITEM_HEADER_BYTES)
    if len(header) < ITEM_HEADER_BYTES:
        raise SourceError(f"{name}: ends where an item should begin", uri=name)
    return header[:4], _u4(header[4:8])


def _u4(data: bytes) -> int:
    return int.from_bytes(data, "little")
