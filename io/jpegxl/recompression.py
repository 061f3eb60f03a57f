"""JPEG XL JPEG Recompression (PS3.5 8.2.15, A.4.12): the DCT coefficients of a JPEG, coded better.

Nothing is decoded to pixels and nothing is lost: the container's `jbrd` box holds what the codestream does not, so that
the JPEG comes back byte for byte. That is proved of every frame when it is made, and again when one is read back.
"""

import imagecodecs

from pipeline.io.jpegxl.boxes import frame_end, holds_jpeg
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer


def recompress(jpeg: bytes) -> bytes:
    """Return a frame from which `jpeg` comes back; CodecError for one that libjxl refuses or gives back otherwise.

    libjxl refuses chroma sampled 4:1:1, what no baseline frame is (12 bits, lossless), and streams that are damaged.
    """
    try:
        frame = bytes(imagecodecs.jpegxl_encode_jpeg(jpeg, usecontainer=True, numthreads=1))
    except (RuntimeError, ValueError) as error:
        raise CodecError(f"JPEG XL: libjxl does not recompress the JPEG: {error}") from error
    if restore_jpeg(frame) != jpeg:
        raise CodecError("JPEG XL: the JPEG does not come back byte for byte")
    return frame


def restore_jpeg(frame: Buffer) -> bytes:
    """Return the JPEG that a frame was made of; CodecError when it does not hold one."""
    if not holds_jpeg(frame):
        raise CodecError("JPEG XL: the frame has no jbrd box: it was not made of a JPEG")
    try:
        return bytes(imagecodecs.jpegxl_decode_jpeg(bytes(frame[: frame_end(frame)]), numthreads=1))
    except (RuntimeError, ValueError) as error:
        raise CodecError(f"JPEG XL: the JPEG cannot be restored: {error}") from error
