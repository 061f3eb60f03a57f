"""Which encoder the frames of an instance get."""

from pipeline.io.codecs import frame_encoder
from pipeline.io.codecs.contract import DEFAULT_NEAR, EncoderSettings, FrameEncoder
from pipeline.model.config import ConversionConfig
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Route


def instance_encoder(instance: InstancePlan, config: ConversionConfig) -> FrameEncoder:
    """Return the encoder of an instance's syntax and photometric interpretation; a few microseconds.

    A quality or a ratio is meant for instances that are encoded; the odd tile of one that passes is encoded so that
    nothing is seen of it. Raises ConfigError for options that its frames cannot have.
    """
    is_limited = instance.route is Route.ENCODE and not instance.reversible
    return frame_encoder(
        EncoderSettings(
            transfer_syntax=instance.transfer_syntax,
            photometric=instance.photometric,
            samples=instance.samples,
            bits=instance.bits,
            bits_stored=instance.bits_stored,
            reversible=instance.reversible,
            jpeg_quality=config.jpeg_quality,
            jpeg_subsampling=config.jpeg_subsampling,
            j2k_decomposition_levels=config.j2k_decomposition_levels,
            j2k_quality=config.j2k_quality if is_limited else None,
            compression_ratio=config.compression_ratio if is_limited else None,
            jpeg_ls_near=config.jpeg_ls_near or DEFAULT_NEAR,
            columns=instance.grid.tile_columns,
            rows=instance.grid.tile_rows,
        )
    )
