"""Whether this installation can do what a slide's plan asks for."""

from pipeline.io.codecs.installed import check_decoder, check_encoder
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Route


def check_slide_codecs(slide: OpenedSlide) -> None:
    """Raise CodecError where an instance is to be decoded or encoded by a codec that is not installed."""
    images = slide.source.describe().images
    try:
        for instance in slide.plan.instances:
            if instance.route is Route.ENCODE:
                check_decoder(images[instance.image].compression)
                check_encoder(instance.transfer_syntax)
            elif instance.route is Route.RECOMPRESSED:
                check_encoder(instance.transfer_syntax)
    except CodecError as error:
        raise CodecError(f"{slide.plan.uri}: {error}", uri=slide.plan.uri) from error
