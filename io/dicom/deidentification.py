"""Attributes that say that a slide was de-identified, and how (PS3.3 C.7.1.1, C.12.1; PS3.15 E.1; PS3.16 CID 7050).

Only what was done is said. Specimen Label in Image stays YES in a masked overview, as the standard wants it of every
one (C.8.12.4.1.1). The Clean Pixel Data Option (113101) is not claimed: label and overview are seen to, but nobody has
looked for a name that somebody wrote on the glass beside the tissue.
"""

from pydicom import Dataset

from pipeline.io.dicom.coded_entry import coded_entry
from pipeline.model.deidentification import DatePolicy, Deidentified

_PROFILE = ("113100", "Basic Application Confidentiality Profile")
_DATES = {
    DatePolicy.KEEP: (("113106", "Retain Longitudinal Temporal Information Full Dates Option"), "UNMODIFIED"),
    DatePolicy.SHIFT: (("113107", "Retain Longitudinal Temporal Information Modified Dates Option"), "MODIFIED"),
    DatePolicy.REMOVE: (None, "REMOVED"),
}
"""Code of CID 7050, and Longitudinal Temporal Information Modified (C.12.1.1.7)."""


def deidentification(deidentified: Deidentified | None) -> Dataset:
    """Return the attributes, none for a slide as it was; they stand over those of the image modules."""
    module = Dataset()
    if deidentified is None:
        return module
    option, modified = _DATES[deidentified.dates]
    codes = [code for code in (_PROFILE, option) if code is not None]
    module.PatientIdentityRemoved = "YES"
    module.DeidentificationMethod = [meaning[:64] for _, meaning in codes]
    module.DeidentificationMethodCodeSequence = [coded_entry(value, "DCM", meaning) for value, meaning in codes]
    module.LongitudinalTemporalInformationModified = modified
    module.BurnedInAnnotation = "NO"
    return module
