"""The frames of one DICOM file or object, found through its offset table and read by position.

Nothing of the pixels is read before a frame is asked for, and of the header only what stands before the functional
groups of the frames. A file without an offset table is followed item by item, once. Frames that lie together are read
with one call, and those of an object several calls at once.
"""

import math
import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID

from pipeline.io.dicom.elements import ElementReader
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.io.sources.dicom.file import NO_PIXELS, ParsedFile, parse_file
from pipeline.io.sources.dicom.frame_table import encapsulated_frames
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax

_GAP = 1 << 14
"""Bytes between frames that are read along instead of making another call."""
_MOST_TOGETHER = 1 << 24
_FLOAT, _DOUBLE = 0x7FE00008, 0x7FE00009
_IMPLICIT_VR = "1.2.840.10008.1.2"


class _Places(NamedTuple):
    """Where frames lie: `header` bytes before each offset are an item's header."""

    offsets: NDArray[np.uint64]
    spans: NDArray[np.uint64]
    lengths: NDArray[np.uint64]
    header: int


class InstanceFile:
    """One open instance. It is closed when nobody holds it any more."""

    def __init__(self, uri: str) -> None:
        """Open it. Raises SourceError for what is no image, or has frames where they cannot be found."""
        file = FileBytes(uri)
        weakref.finalize(self, file.close)
        parsed = parse_file(file)
        header = parsed.header
        self.uri = uri
        self.sop_instance_uid = str(header.get("SOPInstanceUID", ""))
        self.transfer_syntax = _transfer_syntax(parsed)
        self.frames = int(header.get("NumberOfFrames") or 1)
        self._file = file
        self._pixels = int(header.Rows) * int(header.Columns) * int(header.get("SamplesPerPixel") or 1)
        self._bits = int(header.BitsAllocated)
        self._first_byte = 0
        self._places = self._find(parsed)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in the order asked for. Raises SourceError where there is none."""
        wrong = [frame for frame in frames if not 0 <= frame < self.frames]
        if wrong:
            raise SourceError(
                f"{self.uri} has {self.frames} frames, and no frame {wrong[0]} (zero-based)", uri=self.uri
            )
        places = self._places
        if places is None:
            return [StoredFrame(self._bits_of(frame), self.transfer_syntax) for frame in frames]
        starts = [int(places.offsets[frame]) - places.header for frame in frames]
        ends = [int(places.offsets[frame] + places.spans[frame]) for frame in frames]
        pieces = self._pieces(starts, ends)
        if places.header:
            lengths = [int(places.lengths[frame]) for frame in frames]
            pieces = [self._unwrapped(*one) for one in zip(frames, pieces, lengths, strict=True)]
        return [StoredFrame(piece, self.transfer_syntax) for piece in pieces]

    def _find(self, parsed: ParsedFile) -> _Places | None:
        """Return the frames' places; None for samples of one bit, of which frames need not begin with a byte."""
        if self.transfer_syntax.is_encapsulated:
            largest = 2 * (self._pixels * self._bits // 8) + (1 << 20)
            table = encapsulated_frames(parsed, self.frames, largest)
            return _Places(table.offsets, table.spans, table.lengths, ITEM_HEADER_BYTES)
        at, stored = _native_pixels(parsed)
        shared = 2 if parsed.header.get("PhotometricInterpretation") == "YBR_FULL_422" else 3
        frame_bits = self._pixels * self._bits * shared // 3
        if at == NO_PIXELS or stored < math.ceil(frame_bits * self.frames / 8):
            raise SourceError(
                f"{self.uri}: pixel data of {stored} bytes cannot hold {self.frames} frames of {frame_bits} bits: the "
                "file is truncated, or its header is wrong",
                uri=self.uri,
            )
        if self._bits == 1:
            self._first_byte = at
            return None
        lengths = np.full(self.frames, frame_bits // 8, np.uint64)
        offsets = np.uint64(at) + np.arange(self.frames, dtype=np.uint64) * np.uint64(frame_bits // 8)
        return _Places(offsets, lengths, lengths, 0)

    def _pieces(self, starts: Sequence[int], ends: Sequence[int]) -> list[memoryview]:
        """Return the bytes from each start to its end, read in as few calls as their places allow."""
        runs: list[tuple[int, int]] = []
        run_of: dict[int, int] = {}
        for number in sorted(range(len(starts)), key=starts.__getitem__):
            start, end = starts[number], ends[number]
            if runs and start - runs[-1][1] <= _GAP and end - runs[-1][0] <= _MOST_TOGETHER:
                runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
            else:
                runs.append((start, end))
            run_of[number] = len(runs) - 1
        for _, end in runs:
            if end > self._file.size:
                raise SourceError(f"{self.uri} ends before its frames do: it is truncated", uri=self.uri)
        read = [memoryview(data) for data in self._file.read_many([(start, end - start) for start, end in runs])]
        pieces = []
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            first = runs[run_of[number]][0]
            pieces.append(read[run_of[number]][start - first : end - first])
        return pieces

    def _unwrapped(self, frame: int, piece: memoryview, length: int) -> memoryview:
        """Return a frame without its items' headers, which must say what the table does."""
        at, fragments = 0, []
        while at + ITEM_HEADER_BYTES <= len(piece):
            stored = int.from_bytes(piece[at + 4 : at + 8], "little")
            if piece[at : at + 4] != ITEM_TAG or stored > len(piece) - at - ITEM_HEADER_BYTES + length % 2:
                break
            at += ITEM_HEADER_BYTES
            fragments.append(piece[at : at + stored])
            at += stored
        if sum(map(len, fragments)) != length:
            raise SourceError(
                f"{self.uri}: no item of frame {frame} stands where the offset table says; the file is damaged",
                uri=self.uri,
                frame=frame,
            )
        return fragments[0] if len(fragments) == 1 else memoryview(b"".join(fragments))

    def _bits_of(self, frame: int) -> Buffer:
        """Return a frame of single bits, moved so that its first pixel is the lowest bit of the first byte."""
        first, shift = divmod(frame * self._pixels, 8)
        length = math.ceil((shift + self._pixels) / 8)
        data = self._file.read(self._first_byte + first, length)
        if not shift:
            return data
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[shift : shift + self._pixels]
        return np.packbits(bits, bitorder="little").tobytes()


def _transfer_syntax(parsed: ParsedFile) -> TransferSyntax:
    if parsed.transfer_syntax == _IMPLICIT_VR:
        return TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
    try:
        return TransferSyntax(parsed.transfer_syntax)
    except ValueError:
        uid = UID(parsed.transfer_syntax)
        raise SourceError(
            f"{parsed.name}: frames of transfer syntax {uid.name} ({uid}) are not read", uri=parsed.name
        ) from None


def _native_pixels(parsed: ParsedFile) -> tuple[int, int]:
    """Return place and bytes of Pixel Data, Float Pixel Data or Double Float Pixel Data."""
    if parsed.pixel_data != NO_PIXELS:
        return parsed.pixel_data, min(parsed.pixel_length, parsed.file.size - parsed.pixel_data)
    with parsed.file.stream() as stream:
        header = read_partial(stream, stop_when=_at_pixels)
        at = stream.tell()
    implicit = bool(header.original_encoding[0])
    reader = ElementReader(parsed.file.read, parsed.file.size, implicit=implicit, name=parsed.name)
    for element in reader.elements(at, parsed.file.size):
        if element.tag in (_FLOAT, _DOUBLE):
            return element.value, min(element.length, parsed.file.size - element.value)
    return NO_PIXELS, 0


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group >= 0x7FE0
