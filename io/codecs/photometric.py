"""Which Photometric Interpretations frames of a transfer syntax may have, and which one they get unasked.

PS3.5 8.2 for the codec, PS3.3 C.8.12.4.1.5 for the IOD.
"""

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_OF_RGB: dict[TransferSyntax, tuple[Photometric, ...]] = {
    TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN: (Photometric.RGB,),
    TransferSyntax.JPEG_BASELINE: (Photometric.YBR_FULL_422, Photometric.RGB),
    TransferSyntax.JPEG_2000_LOSSLESS: (Photometric.YBR_RCT, Photometric.RGB, Photometric.YBR_FULL_422),
    TransferSyntax.JPEG_2000: (Photometric.YBR_ICT, Photometric.YBR_RCT, Photometric.RGB, Photometric.YBR_FULL_422),
    TransferSyntax.HTJ2K_LOSSLESS: (Photometric.YBR_RCT, Photometric.RGB),
    TransferSyntax.HTJ2K_LOSSLESS_RPCL: (Photometric.YBR_RCT, Photometric.RGB),
}


def encoded_photometric(transfer_syntax: TransferSyntax, samples: int, *, reversible: bool = True) -> Photometric:
    """Return what gray (1 sample) or RGB (3) pixels become where nothing else is asked for.

    `reversible` tells RCT from ICT in JPEG 2000; the other syntaxes take no notice of it.
    """
    if samples == 1:
        return Photometric.MONOCHROME2
    if transfer_syntax is TransferSyntax.JPEG_2000:
        return Photometric.YBR_RCT if reversible else Photometric.YBR_ICT
    return _OF_RGB[transfer_syntax][0]


def check_photometric(settings: EncoderSettings) -> None:
    """Raise ConfigError for a colour model that the syntax, the samples or the wavelet cannot have."""
    syntax, photometric = settings.transfer_syntax, settings.photometric
    if settings.samples not in (1, 3):
        raise ConfigError(f"frames have 1 sample a pixel (gray) or 3 (RGB), not {settings.samples}")
    if not settings.reversible and syntax.is_jpeg_2000_family and not syntax.may_be_lossy:
        raise ConfigError(
            f"{syntax.option} holds reversible codestreams only; {TransferSyntax.JPEG_2000.option} holds both"
        )
    allowed = (Photometric.MONOCHROME2,) if settings.samples == 1 else _OF_RGB[syntax]
    wavelet_transform = Photometric.YBR_ICT if settings.reversible else Photometric.YBR_RCT
    if photometric not in allowed or (syntax.is_jpeg_2000_family and photometric is wavelet_transform):
        raise ConfigError(
            f"{syntax.option} frames of {settings.samples} samples are not written as {photometric}"
            f" {'reversibly' if settings.reversible else 'irreversibly'}; there are {', '.join(allowed)}"
        )
