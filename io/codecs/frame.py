"""One frame, for whoever has pixels and wants a DICOM frame: the public face of the encoders."""

from dataclasses import dataclass

import numpy as np

from pipeline.io.codecs.contract import DEFAULT_NEAR, EncoderSettings
from pipeline.io.codecs.photometric import encoded_photometric
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.codecs.validation import compare_round_trip
from pipeline.model.config import CodecValidation
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, Subsampling, TransferSyntax


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFrame:
    """A frame, and what a data set has to say of it."""

    data: bytes
    """The frame, not padded to an even length."""
    transfer_syntax: TransferSyntax
    photometric: Photometric
    samples: int
    bits: int
    """Bits Allocated."""
    bits_stored: int
    lossy_method: str | None
    """Lossy Image Compression Method; None when nothing was lost."""
    compression_ratio: float
    """Bytes of the pixels over bytes of the frame."""
    psnr_db: float | None = None
    """Of a lossy frame under round-trip validation; infinite when nothing was lost."""


def encode_frame(
    pixels: Pixels,
    transfer_syntax: TransferSyntax | str,
    *,
    photometric: Photometric | None = None,
    bits_stored: int | None = None,
    reversible: bool | None = None,
    jpeg_quality: int = 90,
    jpeg_subsampling: Subsampling = Subsampling.YBR_422,
    j2k_decomposition_levels: int | None = None,
    j2k_quality: float | None = None,
    compression_ratio: float | None = None,
    jpeg_ls_near: int = DEFAULT_NEAR,
    codec_validation: CodecValidation = CodecValidation.DISABLED,
) -> EncodedFrame:
    """Encode one frame of gray or RGB pixels.

    `pixels` are (rows, columns) or (rows, columns, 1) of gray, (rows, columns, 3) of RGB, uint8 or uint16. The transfer
    syntax is one, its name on the command line, or its UID. `photometric` defaults to YBR_FULL_422 for JPEG, YBR_RCT or
    YBR_ICT for JPEG 2000 and HTJ2K, RGB for the other codecs, MONOCHROME2 for gray. Samples use `bits_stored` bits,
    None is all. JPEG 2000 and HTJ2K are reversible unless a quality (PSNR in dB) or a ratio is given, or `reversible`
    is False. ConfigError for options that contradict each other or the pixels, CodecError when the codec refuses them
    or, under validation, does not give them back.
    """
    syntax = _transfer_syntax(transfer_syntax)
    shaped = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    if shaped.ndim != 3 or shaped.dtype not in (np.uint8, np.uint16) or 0 in shaped.shape:
        raise CodecError(
            "a frame is (rows, columns) or (rows, columns, samples) of uint8 or uint16, "
            f"not {pixels.shape} {pixels.dtype}"
        )
    rows, columns, samples = shaped.shape
    if reversible is None:
        reversible = j2k_quality is None and compression_ratio is None
    encoder = frame_encoder(
        EncoderSettings(
            transfer_syntax=syntax,
            photometric=photometric or encoded_photometric(syntax, samples, reversible=reversible),
            columns=columns,
            rows=rows,
            samples=samples,
            bits=shaped.dtype.itemsize * 8,
            bits_stored=bits_stored,
            reversible=reversible,
            jpeg_quality=jpeg_quality,
            jpeg_subsampling=jpeg_subsampling,
            j2k_decomposition_levels=j2k_decomposition_levels,
            j2k_quality=j2k_quality,
            compression_ratio=compression_ratio,
            jpeg_ls_near=jpeg_ls_near,
        )
    )
    data = encoder.encode(shaped)
    return EncodedFrame(
        data=data,
        transfer_syntax=encoder.transfer_syntax,
        photometric=encoder.photometric,
        samples=samples,
        bits=shaped.dtype.itemsize * 8,
        bits_stored=bits_stored or shaped.dtype.itemsize * 8,
        lossy_method=encoder.lossy_method,
        compression_ratio=shaped.nbytes / len(data),
        psnr_db=None
        if codec_validation is CodecValidation.DISABLED
        else compare_round_trip(data, shaped, encoder, bits_stored),
    )


def _transfer_syntax(name: TransferSyntax | str) -> TransferSyntax:
    """Find a syntax by itself, its UID or its option."""
    try:
        return TransferSyntax(name)
    except ValueError:
        pass
    try:
        return TransferSyntax.from_option(name)
    except ValueError as error:
        raise ConfigError(str(error)) from error
