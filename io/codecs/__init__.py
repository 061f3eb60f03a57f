"""Frames in and out of the codecs: one file a codec, chosen by transfer syntax.

`contract.py` is the shortest file and says what a codec is; read it first. The public names load on first use, so that
importing the contract costs no codec.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.io.codecs.frame import EncodedFrame, encode_frame
    from pipeline.io.codecs.registry import decode_frame, frame_encoder, tile_codec_for

__all__ = ["EncodedFrame", "decode_frame", "encode_frame", "frame_encoder", "tile_codec_for"]

_PUBLIC_NAMES = {
    "EncodedFrame": "pipeline.io.codecs.frame",
    "encode_frame": "pipeline.io.codecs.frame",
    "decode_frame": "pipeline.io.codecs.registry",
    "frame_encoder": "pipeline.io.codecs.registry",
    "tile_codec_for": "pipeline.io.codecs.registry",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if name not in _PUBLIC_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
