"""The frames of one DICOM file or object, found through its offset table and read by position.

Nothing of the pixels is read before a frame is asked for, and of the header only what stands before the functional
groups of the frames. A file without an offset table is followed item by item, once. Frames that lie together are read
with one call, and those of an object several calls at once.
"""

import math
import weakref
from collections.abc import Sequence

import numpy as np

from pipeline.io.dicom.fragments import joined_fragments
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.io.sources.dicom.file import DOUBLE_PIXELS, FLOAT_PIXELS, PIXEL_DATA, FileHeader, read_header
from pipeline.io.sources.dicom.frame_table import FrameTable, encapsulated_frames, largest_frame, native_frames
from pipeline.io.sources.dicom.instance import frame_transfer_syntax
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError
from pipeline.model.tiles import Buffer

_GAP = 1 << 14
"""Bytes between frames that are read along instead of making another call."""
_MOST_TOGETHER = 1 << 24


class InstanceFile:
    """One open instance. It is closed when nobody holds it any more."""

    def __init__(self, uri: str) -> None:
        """Open it. Raises SourceError for what is no image, or has frames where they cannot be found."""
        file = FileBytes(uri)
        weakref.finalize(self, file.close)
        found = read_header(file)
        header = found.data
        self.uri = uri
        self.sop_instance_uid = str(header.get("SOPInstanceUID", ""))
        self.transfer_syntax = frame_transfer_syntax(found.parsed())
        self.frames = int(header.get("NumberOfFrames") or 1)
        self._file = file
        self._pixels = int(header.Rows) * int(header.Columns) * int(header.get("SamplesPerPixel") or 1)
        self._bits = int(header.BitsAllocated)
        self._first_byte = 0
        self._header_bytes = ITEM_HEADER_BYTES if self.transfer_syntax.is_encapsulated else 0
        """What stands before a frame's first byte: the header of its first item."""
        self._table = self._find(found)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in the order asked for. Raises SourceError where there is none."""
        wrong = [frame for frame in frames if not 0 <= frame < self.frames]
        if wrong:
            raise SourceError(
                f"{self.uri} has {self.frames} frames, and no frame {wrong[0]} (zero-based)", uri=self.uri
            )
        table, header_bytes = self._table, self._header_bytes
        if table is None:
            return [StoredFrame(self._bits_of(frame), self.transfer_syntax) for frame in frames]
        starts = [int(table.offsets[frame]) - header_bytes for frame in frames]
        ends = [int(table.offsets[frame] + table.spans[frame]) for frame in frames]
        pieces = self._pieces(starts, ends)
        if header_bytes:
            joined = [self._joined(table, frame, piece) for frame, piece in zip(frames, pieces, strict=True)]
            return [StoredFrame(data, self.transfer_syntax) for data in joined]
        return [StoredFrame(piece, self.transfer_syntax) for piece in pieces]

    def _find(self, found: FileHeader) -> FrameTable | None:
        """Return the frames' places; None for samples of one bit, of which frames need not begin with a byte."""
        if self.transfer_syntax.is_encapsulated:
            decoded_bytes = self._pixels * self._bits // 8
            return encapsulated_frames(found.parsed(with_table=True), self.frames, largest_frame(decoded_bytes))
        pixels = next((tag for tag in (PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS) if tag in found.elements), PIXEL_DATA)
        parsed = found.parsed(pixels)
        shared = 2 if found.data.get("PhotometricInterpretation") == "YBR_FULL_422" else 3
        frame_bits = self._pixels * self._bits * shared // 3
        if self._bits > 1:
            return native_frames(parsed, self.frames, frame_bits // 8)
        native_frames(parsed, 1, math.ceil(frame_bits * self.frames / 8))  # raises where they end
        self._first_byte = parsed.pixel_data
        return None

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

    def _joined(self, table: FrameTable, frame: int, piece: memoryview) -> Buffer:
        """Return a frame without its items' headers, which must say what the table does."""
        length = int(table.lengths[frame])
        joined = joined_fragments(piece, without_pad=length % 2 == 1)
        if joined is None or len(joined) != length:
            raise SourceError(
                f"{self.uri}: no item of frame {frame} stands where the offset table says; the file is damaged",
                uri=self.uri,
                frame=frame,
            )
        return joined

    def _bits_of(self, frame: int) -> Buffer:
        """Return a frame of single bits, moved so that its first pixel is the lowest bit of the first byte."""
        first, shift = divmod(frame * self._pixels, 8)
        length = math.ceil((shift + self._pixels) / 8)
        data = self._file.read(self._first_byte + first, length)
        if not shift:
            return data
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[shift : shift + self._pixels]
        return np.packbits(bits, bitorder="little").tobytes()
