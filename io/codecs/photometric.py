"""Which Photometric Interpretations frames of a transfer syntax may have, and which one they get unasked.

PS3.5 8.2 for the codec (its tables 8.2.1-1 to 8.2.15-1), PS3.3 C.8.12.4.1.5 for the IOD: MONOCHROME2 or RGB where
nothing is converted, YBR_RCT for reversible and YBR_ICT for irreversible JPEG 2000, YBR_FULL_422 for other lossy ones.
"""

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_OF_RGB: dict[TransferSyntax, tuple[Photometric, ...]] = {
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: (Photometric.RGB,),
    TransferSyntax.RLE_LOSSLESS: (Photometric.RGB,),
    TransferSyntax.JPEG_BASELINE: (Photometric.YBR_FULL_422, Photometric.RGB),
    TransferSyntax.JPEG_LS_LOSSLESS: (Photometric.RGB,),
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS: (Photometric.RGB,),
    TransferSyntax.JPEG_2000_LOSSLESS: (Photometric.YBR_RCT, Photometric.RGB, Photometric.YBR_FULL_422),
    TransferSyntax.JPEG_2000: (Photometric.YBR_ICT, Photometric.YBR_RCT, Photometric.RGB, Photometric.YBR_FULL_422),
    TransferSyntax.HTJ2K_LOSSLESS: (Photometric.YBR_RCT, Photometric.RGB),
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: (Photometric.YBR_RCT, Photometric.RGB),
    TransferSyntax.HTJ2K: (Photometric.YBR_ICT, Photometric.YBR_RCT, Photometric.RGB),
    TransferSyntax.JPEG_XL_LOSSLESS: (Photometric.RGB,),
    TransferSyntax.JPEG_XL_RECOMPRESSION: (Photometric.YBR_FULL_422, Photometric.RGB),
    TransferSyntax.JPEG_XL: (Photometric.RGB,),
}
_BOTH_WAVELETS = (TransferSyntax.JPEG_2000, TransferSyntax.HTJ2K)


def encoded_photometric(transfer_syntax: TransferSyntax, samples: int, *, reversible: bool = True) -> Photometric:
    """Return what gray (1 sample) or RGB (3) pixels become where nothing else is asked for.

    `reversible` tells RCT from ICT in JPEG 2000 and HTJ2K; the other syntaxes take no notice of it. ConfigError for a
    syntax that frames are not encoded in.
    """
    if transfer_syntax.is_only_passed:
        raise ConfigError(
            f"{transfer_syntax.option} frames are passed on from DICOM sources and never encoded; there are "
            f"{', '.join(s.option for s in TransferSyntax.offered())}"
        )
    if samples == 1:
        return Photometric.MONOCHROME2
    if transfer_syntax in _BOTH_WAVELETS:
        return Photometric.YBR_RCT if reversible else Photometric.YBR_ICT
    return _OF_RGB[transfer_syntax][0]


def check_photometric(settings: EncoderSettings) -> None:
    """Raise ConfigError for a colour model that the syntax, the samples or the wavelet cannot have."""
    syntax, photometric = settings.transfer_syntax, settings.photometric
    if settings.samples not in (1, 3):
        raise ConfigError(f"frames have 1 sample a pixel (gray) or 3 (RGB), not {settings.samples}")
    if not settings.reversible and syntax.is_jpeg_2000_family and not syntax.may_be_lossy:
        both = " and ".join(s.option for s in _BOTH_WAVELETS)
        raise ConfigError(f"{syntax.option} holds reversible codestreams only; {both} hold both")
    allowed = (Photometric.MONOCHROME2,) if settings.samples == 1 else _OF_RGB[syntax]
    wavelet_transform = Photometric.YBR_ICT if settings.reversible else Photometric.YBR_RCT
    if photometric not in allowed or (syntax.is_jpeg_2000_family and photometric is wavelet_transform):
        raise ConfigError(
            f"{syntax.option} frames of {settings.samples} samples are not written as {photometric}"
            f" {'reversibly' if settings.reversible else 'irreversibly'}; there are {', '.join(allowed)}"
        )
