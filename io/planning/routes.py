"""Which transfer syntax a slide gets, and which of its images pass.

The default is a slide's, and its base level decides it: JPEG that passes makes it JPEG Baseline, JPEG 2000 that
passes makes it JPEG 2000, anything else HTJ2K lossless RPCL. What cannot pass in that slide is encoded in its syntax;
within JPEG 2000 each codestream says itself whether it is .90 or .91, and what is encoded anew is reversible, hence
.90 (PS3.5 A.4.4), unless a quality or a ratio is asked for. Where JPEG XL recompression is asked for, what would pass
as JPEG Baseline is recompressed.
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


@dataclass(frozen=True, slots=True)
class ImageRoute:
    """What becomes of one image."""

    route: Route
    reason: Reason | None
    transfer_syntax: TransferSyntax
    photometric: Photometric
    reversible: bool


def slide_syntax(config: ConversionConfig, base: SourceImage, probe: Probe) -> TransferSyntax:
    """Return the syntax asked for, or the one that lets the base level pass."""
    if config.transfer_syntax is not None:
        return config.transfer_syntax
    if probe.transfer_syntax is not None and _kept_out(config, base) is None:
        return probe.transfer_syntax
    return TransferSyntax.HTJ2K_LOSSLESS_RPCL


def route_image(config: ConversionConfig, image: SourceImage, probe: Probe, syntax: TransferSyntax) -> ImageRoute:
    """Decide for one image of a slide whose syntax is known; SourceError for pixels that the syntax cannot hold."""
    reason = probe.reason or _kept_out(config, image)
    if reason is None and probe.transfer_syntax and probe.photometric:
        route = Route.RETILED if image.retiled else Route.PASSTHROUGH
        passing = passing_syntax(probe.transfer_syntax, syntax)
        if passing is not None:
            return ImageRoute(route, None, passing, probe.photometric, bool(probe.reversible))
        if is_recompressed(probe.transfer_syntax, syntax):
            return ImageRoute(Route.RECOMPRESSED, None, syntax, probe.photometric, False)
        reason = Reason.SYNTAX_REQUESTED
    syntax = encoding_syntax(syntax, is_lossy_asked=config.asks_for_loss, bits=image.bits)
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
    if image.kind is not ImageKind.VOLUME:
        return Reason.UNTILED
    native = (image.grid.tile_columns, image.grid.tile_rows)
    if config.tile_size is not None and native != (config.tile_size, config.tile_size):
        return Reason.GEOMETRY_CHANGED
    return None
