"""What codecs do for the pipeline: let stored tiles pass, decode them, and encode frames.

A `TileCodec` knows one source image and judges its compressed tiles; a `FrameEncoder` knows one instance to be. Both
are made once, hold no open resource, and are called by many threads at once.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, Subsampling, TransferSyntax

DEFAULT_NEAR = 2
"""NEAR of near-lossless JPEG-LS where none is asked for: under 1 % of the range of 8 bits, and not seen."""


class PassedTile(NamedTuple):
    """A tile that becomes a frame without being decoded: the frame is `head + tile[start:end]`."""

    head: bytes
    """JPEG: marker segments up to the entropy-coded bytes, made anew. Other codecs: empty."""
    start: int
    end: int
    """JPEG and JPEG-LS: behind the EOI. JPEG 2000: behind the EOC. Padding is left out where it can be told."""
    transfer_syntax: TransferSyntax
    photometric: Photometric
    reversible: bool
    """The codestream's transforms lose nothing (JPEG 2000 with the 5/3 wavelet, JPEG-LS with NEAR 0)."""


class TileCodec(Protocol):
    """Compressed tiles of one source image."""

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say how the tile becomes a frame as it is, or why it cannot. Never raises for what a tile holds."""
        ...

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray, uint8 or uint16; CodecError when that cannot be had in full."""
        ...


class FrameEncoder(Protocol):
    """Encodes the frames of one instance."""

    @property
    def transfer_syntax(self) -> TransferSyntax:
        """What the frames are."""
        ...

    @property
    def photometric(self) -> Photometric:
        """Colour model of the frames; pixels are given as RGB or gray whatever it is."""
        ...

    @property
    def lossy_method(self) -> str | None:
        """Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1); None when the frames lose nothing."""
        ...

    def encode(self, pixels: Pixels) -> bytes:
        """Encode (rows, columns, samples), RGB or gray, into one frame; the same pixels give the same bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """All that an encoder is told. Sizes are those of a frame in pixels."""

    transfer_syntax: TransferSyntax
    photometric: Photometric
    columns: int
    rows: int
    samples: int
    """1 (gray) or 3 (RGB)."""
    bits: int
    """Bits Allocated: 8 or 16, unsigned."""
    bits_stored: int | None = None
    """Bits Stored, 2 to `bits`: what the codestream states as its precision where the codec can. None: all."""
    reversible: bool = True
    """JPEG 2000 and HTJ2K: the 5/3 wavelet, else 9/7."""
    jpeg_quality: int = 90
    """1 to 100, libjpeg's scale."""
    jpeg_subsampling: Subsampling = Subsampling.YBR_422
    j2k_decomposition_levels: int | None = None
    """None: 5, more where HTJ2K RPCL asks for it."""
    j2k_quality: float | None = None
    """PSNR in dB that every irreversible frame of JPEG 2000 or HTJ2K reaches."""
    compression_ratio: float | None = None
    """Bytes of the pixels over bytes of the frame that every irreversible frame reaches. Neither: some 50 dB."""
    jpeg_ls_near: int = DEFAULT_NEAR
    """NEAR of near-lossless JPEG-LS: no sample differs by more."""

    @property
    def precision(self) -> int:
        """Bits Stored of a sample."""
        return self.bits_stored or self.bits
