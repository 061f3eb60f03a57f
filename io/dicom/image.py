"""The image: its pixels, its matrix of tiles, and how it was taken (PS3.3 C.7.6.3, C.8.12.4, C.8.12.14)."""

from pydicom import Dataset

from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.image_type import image_type
from pipeline.io.dicom.lossy_compression import lossy_compression
from pipeline.io.dicom.placement import ORIENTATION, imaged_volume_depth_um, imaged_volume_mm, origin_mm
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind
from pipeline.model.transfer_syntaxes import Photometric

AVERAGED = "Area average of a larger level"
"""Derivation Description of a level that the slide does not have."""


def image_pixel(instance: InstancePlan) -> Dataset:
    """Return the Image Pixel module without the pixels (C.7.6.3, as C.8.12.4 narrows it).

    Samples are unsigned.
    """
    module = Dataset()
    module.SamplesPerPixel = instance.samples
    module.PhotometricInterpretation = instance.photometric.value
    if instance.samples > 1:
        module.PlanarConfiguration = 0
    module.Rows = instance.grid.tile_rows
    module.Columns = instance.grid.tile_columns
    module.BitsAllocated = instance.bits
    module.BitsStored = instance.bits_stored
    module.HighBit = instance.bits_stored - 1
    module.PixelRepresentation = 0
    if instance.photometric is Photometric.MONOCHROME2:
        module.RescaleIntercept = 0
        module.RescaleSlope = 1
        module.PresentationLUTShape = "IDENTITY"
    return module


def general_image(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return what the General Image module (C.7.6.1) adds.

    The laterality, which it may tell in the series' stead, and how signed samples became unsigned ones.
    """
    module = Dataset()
    if plan.metadata.laterality:
        module.ImageLaterality = plan.metadata.laterality
    derivations = [AVERAGED] if instance.averaged else []
    if instance.added:
        derivations.append(f"Samples were signed: {instance.added} was added to each")
    if derivations:
        module.DerivationDescription = "; ".join(derivations)
    return module


def tile_organization(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Microscope Slide Layer Tile Organization module (C.8.12.14)."""
    x, y = origin_mm(plan.facts, instance.kind)
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = decimal_string(x)
    origin.YOffsetInSlideCoordinateSystem = decimal_string(y)
    if instance.focal_planes > 1:
        # The lowest plane's; the others follow by Spacing Between Slices, or each frame tells its own.
        origin.ZOffsetInSlideCoordinateSystem = decimal_string(plan.focal_plane_offsets_um[0])
    module = Dataset()
    module.TotalPixelMatrixColumns = instance.grid.columns
    module.TotalPixelMatrixRows = instance.grid.rows
    module.TotalPixelMatrixFocalPlanes = instance.focal_planes
    module.TotalPixelMatrixOriginSequence = [origin]
    module.ImageOrientationSlide = [decimal_string(cosine) for cosine in ORIENTATION]
    return module


def whole_slide_microscopy_image(plan: SlidePlan, instance: InstancePlan, stored_bytes: int) -> Dataset:
    """Return the Whole Slide Microscopy Image module (C.8.12.4) without what `image_pixel` holds.

    An OVERVIEW shows at least part of the label by definition (C.8.12.4.1.1), and a label may name the patient: both
    say so.
    """
    metadata = plan.metadata
    shows_label = "YES" if instance.kind in (ImageKind.LABEL, ImageKind.OVERVIEW) else "NO"
    module = Dataset()
    module.ImageType = image_type(plan, instance)
    module.AcquisitionDateTime = metadata.acquisition_date_time
    module.ImagedVolumeWidth, module.ImagedVolumeHeight = imaged_volume_mm(plan, instance)
    module.ImagedVolumeDepth = imaged_volume_depth_um(plan, instance)
    module.VolumetricProperties = "VOLUME"
    module.SpecimenLabelInImage = shows_label
    module.BurnedInAnnotation = shows_label
    module.FocusMethod = metadata.focus_method
    module.ExtendedDepthOfField = "NO"
    module.update(lossy_compression(instance, stored_bytes))
    return module
