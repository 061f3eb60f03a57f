"""Attributes that follow from the images, from planning or from the file: nobody's word but the converter's.

They are those of the pixels, of the tiles and their places, of the frames' functional groups, of the optical paths
that frames refer to, of lossy history, of the parts of a concatenation, and the UIDs that state records rely on. What
differs from image to image of a series, such as its type, is among them: one value for all would be wrong for some.
"""

from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag, Tag

_OWN_GROUPS = (0x0000, 0x0002, 0x7FE0, 0xFFFC, 0xFFFE)
"""Command, file meta information, pixel data, padding, delimiters."""
_LAST = Tag("PerFrameFunctionalGroupsSequence")
_OWN = frozenset(
    """
    SpecificCharacterSet SOPClassUID SOPInstanceUID SeriesInstanceUID FrameOfReferenceUID PyramidUID Modality ImageType
    InstanceNumber NumberOfFrames SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    DimensionOrganizationSequence DimensionOrganizationUID DimensionOrganizationType DimensionIndexSequence
    ConcatenationUID SOPInstanceUIDOfConcatenationSource InConcatenationNumber InConcatenationTotalNumber
    ConcatenationFrameOffsetNumber
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns BitsAllocated BitsStored HighBit
    PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelSpacing PixelPaddingValue RescaleIntercept
    RescaleSlope RescaleType PresentationLUTShape ICCProfile ColorSpace
    TotalPixelMatrixColumns TotalPixelMatrixRows TotalPixelMatrixFocalPlanes TotalPixelMatrixOriginSequence
    ImageOrientationSlide ImagedVolumeWidth ImagedVolumeHeight SliceThickness SpacingBetweenSlices
    NumberOfOpticalPaths OpticalPathSequence OpticalPathIdentificationSequence
    LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod
    SpecimenLabelInImage BurnedInAnnotation
    """.split()  # noqa: SIM905 - a list of words reads better than a line each
)


def is_own(tag: BaseTag) -> bool:
    """Whether an attribute of the data set is not taken from anybody."""
    return keyword_for_tag(tag) in _OWN


def is_of_file(tag: BaseTag) -> bool:
    """Whether an attribute is the writer's at any depth: pixel data, group lengths and what stands around data sets.

    So is all that comes behind the frames' functional groups, which the writer adds last.
    """
    return tag.group in _OWN_GROUPS or tag.element == 0 or tag > _LAST
