"""The lossy compressions that pixels went through, in order (PS3.3 C.7.6.1.1.5).

Once lossy, always lossy: a JPEG tile that is stored losslessly keeps its history, and one that is encoded lossily
again has two stages. Recompressing a JPEG loses nothing and is no stage.
"""

from pydicom import Dataset

from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Route
from pipeline.model.source import LossyStage


def lossy_compression(instance: InstancePlan, stored_bytes: int) -> Dataset:
    """Return the lossy attributes of an instance whose frames take `stored_bytes`, without padding.

    A stage whose method nobody knows cannot be listed: the image is 01 then, with the stages that are known.
    """
    stages = list(instance.lossy.stages)
    method = instance.transfer_syntax.lossy_method
    if instance.route is Route.ENCODE and not instance.reversible and method is not None:
        uncompressed = instance.frame_bytes * instance.frames
        stages.append(LossyStage(method, uncompressed / max(stored_bytes, 1)))
    attributes = Dataset()
    attributes.LossyImageCompression = "01" if stages or instance.lossy.unknown else "00"
    if stages:
        attributes.LossyImageCompressionRatio = [f"{stage.ratio:.3f}" for stage in stages]
        attributes.LossyImageCompressionMethod = [stage.method for stage in stages]
    return attributes
