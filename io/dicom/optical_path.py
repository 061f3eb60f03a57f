"""Optical paths: the white light of a brightfield slide, or the channels of fluorescence (PS3.3 C.8.12.5).

Identifiers are the source's numbers of its paths, so that the order is the source's and levels agree.
"""

from pydicom import Dataset

from pipeline.io.dicom.coded_entry import coded_entry
from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.io.dicom.palette import palette
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import Illumination, ImageKind, OpticalPathFacts

_ILLUMINATIONS = {
    Illumination.BRIGHTFIELD: ("111744", "Brightfield illumination"),
    Illumination.FLUORESCENCE: ("111743", "Epifluorescence illumination"),
    Illumination.DARKFIELD: ("111745", "Darkfield illumination"),
    Illumination.PHASE_CONTRAST: ("111747", "Phase contrast illumination"),
    Illumination.DIFFERENTIAL_INTERFERENCE_CONTRAST: ("111748", "Differential interference contrast"),
    Illumination.OBLIQUE: ("111746", "Oblique illumination"),
}
"""PS3.16 CID 8123 Microscopy Illumination Method, scheme DCM."""


def path_identifier(path: int) -> str:
    """Return the Optical Path Identifier of the source's path of a number."""
    return str(path)


def optical_path(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Optical Path module.

    Label and overview come from another camera: they have no objective of the scanner, and white light. An ICC
    profile is required of colour images; a colour label of a gray slide gets sRGB.
    """
    module = Dataset()
    module.NumberOfOpticalPaths = len(instance.optical_paths)
    module.OpticalPathSequence = [_item(plan, instance, path) for path in instance.optical_paths]
    return module


def _item(plan: SlidePlan, instance: InstancePlan, path: int) -> Dataset:
    of_scanner = instance.kind in (ImageKind.VOLUME, ImageKind.THUMBNAIL)
    facts = plan.optical_paths[path] if instance.kind is ImageKind.VOLUME else OpticalPathFacts()
    if instance.kind is ImageKind.THUMBNAIL:
        facts = OpticalPathFacts(illumination=plan.optical_paths[0].illumination)
    item = Dataset()
    item.OpticalPathIdentifier = path_identifier(path)
    item.OpticalPathDescription = facts.name or facts.illumination.capitalize()
    value, meaning = _ILLUMINATIONS[facts.illumination]
    item.IlluminationTypeCodeSequence = [coded_entry(value, "DCM", meaning)]
    if facts.excitation_wavelength_nm:
        item.IlluminationWaveLength = facts.excitation_wavelength_nm
    else:
        # Required where no wavelength is known, also of fluorescence (C.8.12.5): lamps are white, filters unknown.
        item.IlluminationColorCodeSequence = [coded_entry("414298005", "SCT", "Full Spectrum")]
    if facts.emission_wavelength_nm:
        item.ImagePathFilterPassThroughWavelength = round(facts.emission_wavelength_nm)
    if plan.facts.objective_power and of_scanner:
        item.ObjectiveLensPower = decimal_string(plan.facts.objective_power)
    if instance.samples == 1 and facts.colour is not None:
        # Its colours need a profile too (C.8.12.5): those of channels are a screen's.
        item.PaletteColorLookupTableSequence = [palette(facts.colour, instance.bits)]
        item.ICCProfile = SRGB_PROFILE
    if instance.samples == 3 and plan.icc_source != "omitted":
        item.ICCProfile = plan.icc_profile or SRGB_PROFILE
    return item
