"""The losslessness certificate: what the written object holds is what the source held.

The digest of a frame was taken from the source's bytes (or from the encoder's output) before anything was written.
Here frames are read back from the object on the disk through its own offset table, their entropy-coded bytes found by
their own markers, and digested again. A writer that put a frame into the wrong place, or an index that points beside
it, cannot pass.
"""

import os

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.runs.digests import ROUTES
from pipeline.model.config import Certificate
from pipeline.model.errors import CodecError, SourceError, StorageError
from pipeline.model.transfer_syntaxes import TransferSyntax

_SAMPLE = 16
_END_OF_CODESTREAM = b"\xff\xd9"


def certify(path: str, rows: NDArray[np.void], extent: Certificate) -> int:
    """Compare frames of a written instance with their digest rows and return how many.

    A sample is the first, the last and evenly spaced frames between. Raises StorageError for the first frame that
    differs.
    """
    try:
        return _certify(path, rows, extent)
    except SourceError as error:  # the index's word for any file; this one is ours
        raise StorageError(f"{path} cannot be read back: {error}", uri=path) from error


def _certify(path: str, rows: NDArray[np.void], extent: Certificate) -> int:
    index = FrameIndex.read(path)
    if index.frames != len(rows):
        raise StorageError(f"{path} indexes {index.frames} frames, {len(rows)} were staged", uri=path)
    frames = np.arange(len(rows))
    if extent is Certificate.SAMPLE:
        frames = np.unique(np.linspace(0, len(rows) - 1, _SAMPLE).astype(int))
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for frame in frames.tolist():
            row = rows[frame]
            stored = index.read_frame(descriptor, frame)
            digest = frame_digest(stored, index.transfer_syntax, passed=ROUTES[row["route"]].keeps_tiles)
            if digest != int(row["digest"]):
                raise StorageError(
                    f"{path}: frame {frame} read back is not the frame that was staged; convert the slide again",
                    uri=path,
                )
    finally:
        os.close(descriptor)
    return len(frames)


def frame_digest(stored: bytes, transfer_syntax: str, *, passed: bool) -> int:
    """Return xxh3_64 of a stored frame.

    Where the source's tile passed it is taken over the entropy-coded bytes, else over the frame without its padding.
    Raises StorageError for a frame that is no JPEG where one should be.
    """
    data = without_padding(stored, transfer_syntax)
    if passed and transfer_syntax == TransferSyntax.JPEG_BASELINE:
        try:
            data = data[parse_header(data).header_length :]
        except CodecError as error:
            raise StorageError(f"a stored frame is no JPEG: {error}") from error
    return xxhash.xxh3_64_intdigest(data)


def without_padding(stored: bytes, transfer_syntax: str) -> memoryview:
    """Cut the pad byte of an item (PS3.5 8.2): what follows the EOI or EOC marker. Native frames have none."""
    view = memoryview(stored)
    is_padded = (
        transfer_syntax != TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN and stored[-3:] == _END_OF_CODESTREAM + b"\0"
    )
    return view[:-1] if is_padded else view
