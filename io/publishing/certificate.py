"""The losslessness certificate: what the written object holds is what the source held.

The digest of a frame was taken from the source's bytes (or from the encoder's output) before anything was written.
Here frames are read back from where they were written through its own offset table, their entropy-coded bytes found by
their own markers, and digested again. A writer that put a frame into the wrong place, or an index that points beside
it, cannot pass.
"""

from io import BufferedReader

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpegxl.boxes import frame_end
from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.io.runs.digests import ROUTES
from pipeline.io.storage.byte_reader import ByteReader, ByteStream
from pipeline.model.config import Certificate
from pipeline.model.errors import CodecError, SourceError, StorageError
from pipeline.model.reasons import Route
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax

_SAMPLE = 16
_HEADER_PIECE = 1 << 16
_END_OF_CODESTREAM = b"\xff\xd9"


def certify(file: ByteReader, rows: NDArray[np.void], extent: Certificate) -> int:
    """Compare frames of a written instance with their digest rows and return how many.

    A sample is the first, the last and evenly spaced frames between. Raises StorageError for the first frame that
    differs.
    """
    try:
        return _certify(file, rows, extent)
    except SourceError as error:  # the index's word for any file; this one is ours
        raise StorageError(f"{file.uri} cannot be read back: {error}", uri=file.uri) from error


def _certify(file: ByteReader, rows: NDArray[np.void], extent: Certificate) -> int:
    index = FrameIndex.read(BufferedReader(ByteStream(file), _HEADER_PIECE))
    if index.frames != len(rows):
        raise StorageError(f"{file.uri} indexes {index.frames} frames, {len(rows)} were staged", uri=file.uri)
    frames = np.arange(len(rows))
    if extent is Certificate.SAMPLE:
        frames = np.unique(np.linspace(0, len(rows) - 1, _SAMPLE).astype(int))
    for frame in frames.tolist():
        row = rows[frame]
        stored = memoryview(index.read_frame(file, frame))[: int(row["length"])]
        if not _is_staged(stored, index.transfer_syntax, row):
            raise StorageError(
                f"{file.uri}: frame {frame} read back is not the frame that was staged; convert the slide again",
                uri=file.uri,
            )
    return len(frames)


def _is_staged(frame: Buffer, transfer_syntax: str, row: NDArray[np.void]) -> bool:
    """Whether a frame read back is the one that its digest row was made of."""
    try:
        return frame_digest(frame, transfer_syntax, ROUTES[row["route"]]) == int(row["digest"])
    except StorageError:
        return False


def frame_digest(frame: Buffer, transfer_syntax: str, route: Route) -> int:
    """Return xxh3_64 of a frame without padding.

    It is taken over the entropy-coded bytes where the source's tile passed, of the JPEG that comes back where it was
    recompressed, else over the whole frame. Raises StorageError for a frame that is no JPEG where one should be.
    """
    try:
        if route is Route.RECOMPRESSED:
            frame = restore_jpeg(frame)
        if route is Route.RECOMPRESSED or (route.keeps_tiles and TransferSyntax(transfer_syntax).is_jpeg_family):
            frame = memoryview(frame)[parse_header(frame).header_length :]
    except CodecError as error:
        raise StorageError(f"a stored frame is no JPEG: {error}") from error
    return xxhash.xxh3_64_intdigest(frame)


def without_padding(stored: bytes, transfer_syntax: str) -> memoryview:
    """Cut the pad byte of an item (PS3.5 8.2): what follows the EOI or EOC marker, or the last box of JPEG XL.

    Native and RLE frames have none, and a bare codestream of JPEG XL does not tell.
    """
    view = memoryview(stored)
    syntax = TransferSyntax(transfer_syntax)
    if syntax.is_jpeg_xl_family:
        return view[: frame_end(view)]
    is_padded = (
        syntax.is_encapsulated
        and syntax is not TransferSyntax.RLE_LOSSLESS
        and stored[-3:] == _END_OF_CODESTREAM + b"\0"
    )
    return view[:-1] if is_padded else view
