"""Files of other writers: each finding here was compared with the file and, where it speaks of it, with dciodvfy."""

from pathlib import Path

import pytest

from pipeline.io.validation import validate_path

# wsi2dcm (Google) writes neither equipment nor specimen, origin or optical path, and points both of its indices at the
# column position.
WSI2DCM = {
    "dimensions.order",
    "identity.attributes",
    "identity.equipment",
    "image.frame-type",
    "image.required",
    "paths.count",
    "paths.focal-planes",
    "paths.sequence",
    "specimen.container",
    "specimen.description",
    "tiles.origin",
    "tiles.spacing",
}
# The same program, years before: RGB over YCbCr JPEG, no compression method, a UID that ends in a dot, and a frame of
# reference of its own for each level.
OLD_WSI2DCM = WSI2DCM | {"lossy.method", "photometric.codestream", "values.uid", "identity.one-frame-of-reference"}
# 3DHISTECH: a wavelength of 0 for each fluorescence path.
PATHS_WITHOUT_WAVELENGTH = {"paths.wavelength"}

EXPECTED = {
    "google-wsi2dcm-jpeg.dcm": {"google-wsi2dcm-jpeg.dcm": WSI2DCM | {"offsets.no-table"}},
    "google-wsi2dcm-jpeg2000.dcm": {"google-wsi2dcm-jpeg2000.dcm": WSI2DCM | {"offsets.no-table"}},
    "google-wsi2dcm-raw.dcm": {"google-wsi2dcm-raw.dcm": WSI2DCM},
    "highdicom-sm_image.dcm": {},
    "highdicom-sm_image_dots.dcm": {"highdicom-sm_image_dots.dcm": {"meta.sop-instance"}},
    "highdicom-sm_image_grayscale.dcm": {
        "highdicom-sm_image_grayscale.dcm": {
            "meta.sop-instance",
            "pixels.monochrome",
            "pixels.planar-configuration",
            "pixels.value-representation",
            "specimen.preparation",
        }
    },
    "highdicom-sm_image_jpegls.dcm": {},
    "jcupitt-cmu1-small-region": {
        "level-0.dcm": (OLD_WSI2DCM | {"offsets.no-table"}) - {"identity.one-frame-of-reference"},
        "level-1.dcm": OLD_WSI2DCM | {"offsets.no-table"},
        "level-2.dcm": OLD_WSI2DCM | {"offsets.no-table"},
        **{f"level-{number}.dcm": OLD_WSI2DCM for number in range(3, 12)},
    },
    "BPAEC": {
        # A map for navigation: not an image of a kind that there is.
        "1_Map": PATHS_WITHOUT_WAVELENGTH
        | {
            "icc.present",
            "image.frame-type",
            "image.multi-frame",
            "image.type",
            "pixels.required",
            "tiles.matrix",
            "tiles.spacing",
        },
        # The label has one colour frame, and says that it is TILED_FULL with three optical paths.
        "2": PATHS_WITHOUT_WAVELENGTH | {"paths.focal-planes", "tiles.frame-count"},
        # The two larger levels of the slide are not in the folder.
        "5_0": PATHS_WITHOUT_WAVELENGTH | {"pyramid.resampled"},
        **{f"{number}_0": PATHS_WITHOUT_WAVELENGTH for number in range(6, 13)},
    },
}
"""By file or folder: the rules that each file breaks."""


@pytest.mark.parametrize("name", EXPECTED)
def test_files_of_other_writers(name: str, shared_slides: Path) -> None:
    report = validate_path(shared_slides / "dicom" / name, tools=False)
    broken: dict[str, set[str]] = {}
    for finding in report.findings:
        broken.setdefault(finding.file, set()).add(finding.rule)
    assert broken == EXPECTED[name]


def test_all_of_them_are_in_the_table(shared_slides: Path) -> None:
    assert {path.name for path in (shared_slides / "dicom").iterdir()} == set(EXPECTED)
