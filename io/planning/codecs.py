"""Whether this installation can do what a slide's plan asks for."""

from collections.abc import Sequence

from pipeline.io.codecs.installed import check_decoder, check_encoder
from pipeline.model.errors import CodecError
from pipeline.model.plan import SlidePlan
from pipeline.model.reasons import Route
from pipeline.model.source import SourceImage


def check_codecs_of(plan: SlidePlan, images: Sequence[SourceImage]) -> None:
    """Raise CodecError where an instance is to be decoded or encoded by a codec that is not installed."""
    try:
        for instance in plan.instances:
            if instance.route is Route.ENCODE:
                check_decoder(images[instance.image].compression)
                check_encoder(instance.transfer_syntax)
            elif instance.route is Route.RECOMPRESSED:
                check_encoder(instance.transfer_syntax)
    except CodecError as error:
        raise CodecError(f"{plan.uri}: {error}", uri=plan.uri) from error
