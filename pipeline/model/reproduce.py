"""The command that shows a failure again."""

import shlex
from collections.abc import Iterator

from pipeline.model.colour_choice import IccPolicy
from pipeline.model.config import CodecValidation, ConversionConfig
from pipeline.model.transfer_syntaxes import Subsampling


def reproduce_command(config: ConversionConfig, uri: str, level: int | None, *, placeholders: bool) -> str:
    """Return a shell command that converts the slide, or its level that failed, with the options that shape pixels.

    Metadata of patients is not part of it: placeholders stand in, unless it is metadata that was missing.
    """
    words = ["python", "-m", "pipeline.run", "--input", uri, "--output", "reproduced", *_options(config)]
    if placeholders or config.research_placeholder:
        words.append("--research-placeholder")
    if level is not None:
        words += ["--level", str(level)]
    return shlex.join(words) + " --verbose"


def _options(config: ConversionConfig) -> Iterator[str]:
    if config.profile.name != "plain":
        yield from ("--profile", config.profile.name)
    if config.transfer_syntax is not None:
        yield from ("--transfer-syntax", config.transfer_syntax.option)
    if config.force_transcode:
        yield "--force-transcode"
    if config.tile_size is not None:
        yield from ("--tile-size", str(config.tile_size))
    if config.jpeg_quality != 90:
        yield from ("--jpeg-quality", str(config.jpeg_quality))
    if config.jpeg_subsampling is not Subsampling.YBR_422:
        yield from ("--jpeg-subsampling", config.jpeg_subsampling.value)
    if config.j2k_decomposition_levels is not None:
        yield from ("--j2k-decomposition-levels", str(config.j2k_decomposition_levels))
    if config.icc.policy not in (IccPolicy.SOURCE_OR_SRGB, IccPolicy.FILE):
        yield from ("--icc", config.icc.policy.value)
    if config.background is not None:
        yield from ("--background", str(config.background))
    if config.deidentify is not None:
        yield "--deidentify"
    if config.source_pixel_spacing_mm is not None:
        yield from ("--source-pixel-spacing-mm", ",".join(f"{s:g}" for s in config.source_pixel_spacing_mm))
    if config.codec_validation is not CodecValidation.DISABLED:
        yield from ("--codec-validation", config.codec_validation.value)
