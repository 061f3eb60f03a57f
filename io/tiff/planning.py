"""The configuration by which a slide is planned, read and encoded when it is to become a TIFF."""

from pipeline.io.tiff.places import staging_root
from pipeline.model.colour_choice import Background
from pipeline.model.config import ConversionConfig
from pipeline.model.target import TargetProfile
from pipeline.model.tiff_export import TiffExportConfig
from pipeline.model.tiff_target import TiffFormat, TiffTarget
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax

_FULL_CHROMA_FROM = 90
"""Quality from which chroma is not subsampled, as libvips has it."""
_JPEG_2000 = (TransferSyntax.JPEG_2000_LOSSLESS, TransferSyntax.JPEG_2000)


def planning_config(config: TiffExportConfig) -> ConversionConfig:
    """Return what the stages of the conversion are told: JPEG passes, JPEG 2000 where the format has readers for it.

    Its output is the staging area. Raises ConfigError.
    """
    keeps_jpeg_2000 = config.format is not TiffFormat.TIFF and not config.reencode
    kept = (TransferSyntax.JPEG_BASELINE, *(_JPEG_2000 if keeps_jpeg_2000 else ()))
    profile = TargetProfile(
        name=config.format,
        store=f"TIFF of --format {config.format}",
        kept=kept,
        otherwise=TransferSyntax.JPEG_BASELINE,
        accepted=(*kept, TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN),
        tiff=TiffTarget(
            format=config.format,
            keep_icc=config.keep_icc,
            optical_path=config.optical_path,
            focal_plane=config.focal_plane,
        ),
    )
    return ConversionConfig(
        output=staging_root(config),
        profile=profile,
        force_transcode=config.reencode,
        tile_size=config.tile_size,
        jpeg_quality=config.quality,
        jpeg_subsampling=Subsampling.YBR_444 if config.quality >= _FULL_CHROMA_FROM else Subsampling.YBR_420,
        label=config.label,
        overview=config.overview,
        thumbnail=config.format is TiffFormat.SVS,
        source_pixel_spacing_mm=config.source_pixel_spacing_mm,
        research_placeholder=True,
        background=None if config.colour is None else Background(colour=config.colour),
        threads=config.threads,
    )
