"""Which encoder the frames of an instance get."""

from pipeline.io.codecs import frame_encoder
from pipeline.io.codecs.contract import EncoderSettings, FrameEncoder
from pipeline.model.config import ConversionConfig
from pipeline.model.plan import InstancePlan


def instance_encoder(instance: InstancePlan, config: ConversionConfig) -> FrameEncoder:
    """Return the encoder of an instance's syntax and photometric interpretation; a few microseconds.

    Raises ConfigError for options that its frames cannot have.
    """
    return frame_encoder(
        EncoderSettings(
            transfer_syntax=instance.transfer_syntax,
            photometric=instance.photometric,
            samples=instance.samples,
            bits=instance.bits,
            reversible=instance.reversible,
            jpeg_quality=config.jpeg_quality,
            jpeg_subsampling=config.jpeg_subsampling,
            j2k_decomposition_levels=config.j2k_decomposition_levels,
            columns=instance.grid.tile_columns,
            rows=instance.grid.tile_rows,
        )
    )
