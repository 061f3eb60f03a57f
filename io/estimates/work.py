"""How long one core works on an instance, from measured rates.

Rates are those of pixels of middling detail: emptier slides go faster, noisier ones slower, by some tens of percent.
"""

from pipeline.io.estimates.detail import Detail
from pipeline.model.config import Certificate, CodecValidation, ConversionConfig
from pipeline.model.forecast import CpuSeconds, Span
from pipeline.model.plan import InstancePlan
from pipeline.model.rates import Rates
from pipeline.model.reasons import Route
from pipeline.model.source import SourceImage, compression_of

_MB = 1e6


def instance_seconds(
    instance: InstancePlan,
    image: SourceImage,
    detail: Detail,
    frame_bytes: Span,
    config: ConversionConfig,
    rates: Rates,
    *,
    chained: bool,
) -> CpuSeconds:
    """Return the time of an instance.

    `chained`: it is a step of a pyramid chain and gets its pixels from there; decoding is the chain's.
    """
    held = detail.held if instance.native_grid else 1.0
    pixels = instance.frame_bytes * instance.frames * held / _MB
    copied = frame_bytes.likely / _MB / rates.copy + instance.frames * rates.frame_seconds
    decode = encode = check = 0.0
    passing = copied
    if instance.route is Route.RETILED:
        passing += pixels / rates.retile
    elif instance.route is Route.RECOMPRESSED:
        passing += pixels / rates.recompress
    elif instance.route is Route.ENCODE:
        decode = 0.0 if chained else pixels / rates.decode[image.compression]
        encode = copied + pixels / rates.encode[instance.transfer_syntax.option]
        passing = 0.0
        if config.codec_validation is CodecValidation.ROUND_TRIP:
            check += pixels / rates.decode[compression_of(instance.transfer_syntax)]
    if config.certificate is Certificate.FULL:
        check += frame_bytes.likely / _MB / rates.read_back
    return CpuSeconds(passing=passing, decode=decode, encode=encode, check=check, fixed=rates.instance_seconds)


def chain_seconds(image: SourceImage, detail: Detail, rates: Rates) -> CpuSeconds:
    """Return the time to decode a source level and average it into those of its chain, encoding not included.

    All levels that are halved from it have a third of its pixels together.
    """
    tile_bytes = image.grid.tile_columns * image.grid.tile_rows * image.samples * (image.bits // 8)
    pixels = tile_bytes * image.grid.frames * image.planes / _MB
    return CpuSeconds(decode=pixels * detail.held / rates.decode[image.compression], encode=pixels / rates.average)
