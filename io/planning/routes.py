"""Which transfer syntax a slide gets, and which of its images pass.

The default is a slide's, and its base level decides it: JPEG that passes makes it JPEG Baseline, JPEG 2000 that
passes makes it JPEG 2000, anything else HTJ2K lossless RPCL. What cannot pass in that slide is encoded in its syntax;
within JPEG 2000 each codestream says itself whether it is .90 or .91, and what is encoded anew is reversible, hence
.90 (PS3.5 A.4.4), unless a quality or a ratio is asked for. Where JPEG XL recompression is asked for, what would pass
as JPEG Baseline is recompressed.

A target profile has the say over what the user leaves open: what it does not keep, codestream or encoding, becomes its
own syntax, image by image. A slide of .91 for a store that keeps .91 and not .90 has its label in that syntax.
"""

from dataclasses import dataclass

from pipeline.io.codecs.containers import encoding_syntax, is_recompressed, passing_syntax
from pipeline.io.codecs.photometric import encoded_photometric
from pipeline.io.planning.probe import Probe
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SourceError
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_OF_8_BITS = (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION)


BITS_STORED = (8, 16)
"""What PS3.3 C.8.12.4 allows: samples of 9 to 15 significant bits are written as 16."""


@dataclass(frozen=True, slots=True)
class ImageRoute:
    """What becomes of one image."""

    route: Route
    reason: Reason | None
    transfer_syntax: TransferSyntax
    photometric: Photometric
    reversible: bool


def slide_syntax(config: ConversionConfig, base: SourceImage, probe: Probe) -> TransferSyntax:
    """Return the syntax asked for, or the one that lets the base level pass where the target keeps it, or its own.

    A label or overview that is one frame already keeps its own in the same way.
    """
    if config.transfer_syntax is not None:
        return config.transfer_syntax
    if probe.transfer_syntax in config.profile.kept and _kept_out(config, base) is None:
        return probe.transfer_syntax
    return config.profile.otherwise


def route_image(config: ConversionConfig, image: SourceImage, probe: Probe, syntax: TransferSyntax) -> ImageRoute:
    """Decide for one image of a slide whose syntax is known; SourceError for pixels that the syntax cannot hold."""
    profile = config.profile
    allowed = profile.kept if config.transfer_syntax is None else profile.accepted
    reason = probe.reason or _kept_out(config, image)
    if reason is None and probe.transfer_syntax and probe.photometric:
        route = Route.RETILED if image.retiled else Route.PASSTHROUGH
        passing = passing_syntax(probe.transfer_syntax, syntax)
        if passing in allowed:
            return ImageRoute(route, None, passing, probe.photometric, bool(probe.reversible))
        if is_recompressed(probe.transfer_syntax, syntax):
            return ImageRoute(Route.RECOMPRESSED, None, syntax, probe.photometric, False)
        reason = Reason.SYNTAX_REQUESTED if probe.transfer_syntax in allowed else Reason.SYNTAX_NOT_KEPT
    syntax = encoding_syntax(syntax, is_lossy_asked=config.asks_for_loss, bits=image.bits)
    syntax = syntax if syntax in allowed else profile.otherwise
    if profile.tiff is not None and image.bits != 8:
        syntax = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
    if syntax in _OF_8_BITS and image.bits != 8:
        raise SourceError(
            f"{syntax.option} holds 8 bits a sample, this slide has {image.bits}: use --transfer-syntax "
            "htj2k-lossless-rpcl, jpeg2000-lossless or explicit-vr-little-endian"
        )
    reversible = not syntax.may_be_lossy
    photometric = encoded_photometric(syntax, image.samples, reversible=reversible)
    return ImageRoute(Route.ENCODE, reason, syntax, photometric, reversible)


def _kept_out(config: ConversionConfig, image: SourceImage) -> Reason | None:
    """Return what in the options keeps an image from passing."""
    if config.force_transcode:
        return Reason.TRANSCODE_FORCED
    if image.bits_stored not in BITS_STORED:
        return Reason.BITS_STORED_NOT_IN_IOD
    if image.kind is not ImageKind.VOLUME:
        return None if is_one_frame(image) else Reason.UNTILED
    native = (image.grid.tile_columns, image.grid.tile_rows)
    if config.tile_size is not None and native != (config.tile_size, config.tile_size):
        return Reason.GEOMETRY_CHANGED
    return None


def is_one_frame(image: SourceImage) -> bool:
    """Whether the image is stored as one tile of its own size."""
    grid = image.grid
    return image.tiled and (grid.tile_columns, grid.tile_rows) == (grid.columns, grid.rows)
