"""What headers say comes over: patient, study, specimen, scanner, optical paths; what cannot is told by its name."""

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from pipeline.io.dicom.specimen_preparation import preparation_sequence
from pipeline.io.sources import open_source
from pipeline.io.sources.dicom.preparation import preparation_steps
from pipeline.model.metadata import Code, parse_metadata, resolve_metadata, sample_metadata
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.source import Illumination, ScannerFacts, SlideDescription
from tests.io.sources.dicom.instances import EDGE, gray, header, native, optical_paths, picture, write

FRAMES = native([picture(EDGE, EDGE)])
GRAY = native([picture(EDGE, EDGE, samples=1)])


def described(folder: Path, **attributes: Any) -> SlideDescription:
    """Describe a slide of one instance with these attributes."""
    frames = (
        GRAY * len(attributes.get("OpticalPathSequence", "1")) if attributes.get("SamplesPerPixel") == 1 else FRAMES
    )
    with open_source(str(write(folder / "s.dcm", header(EDGE, EDGE, **attributes), frames))) as source:
        return source.describe()


def item(**attributes: Any) -> Dataset:
    """Return an item of a sequence."""
    data = Dataset()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return a coded entry."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def test_the_highdicom_file_says_who_and_what(shared_slides: Path) -> None:
    with open_source(str(shared_slides / "dicom/highdicom-sm_image.dcm")) as source:
        description = source.describe()
    metadata, facts = description.metadata, description.facts
    assert (metadata.patient_name, metadata.patient_id, metadata.patient_sex) == ("Test^Patient", "AA01", "O")
    assert (metadata.study_date, metadata.container_identifier) == ("20190604", "S19-1_A_1_1")
    assert metadata.specimen_uid == "2.25.281821656492584880365678271074145532563"
    assert metadata.specimen_identifier_issuer is not None
    assert metadata.specimen_identifier_issuer.universal_entity_id == "http://test.org/specimens/2019"
    assert metadata.anatomic_site == Code("12738006", "SCT", "Brain")
    assert metadata.imaged_volume_depth_mm == 0.01
    assert [step.action for step in metadata.specimen_preparation] == [
        PreparationAction.SAMPLING,
        PreparationAction.FIXATION,
        PreparationAction.SAMPLING,
        PreparationAction.EMBEDDING,
        PreparationAction.STAINING,
    ]
    assert (facts.manufacturer, facts.model, facts.serial_number) == ("Test Manufacturer", "Test Model", "abcd")
    assert facts.acquisition_datetime == "20091229095915"
    assert facts.origin_mm == (23.449873, 25.691574)
    assert facts.focus_method == "AUTO"
    assert len(description.icc_profile) == 3144
    assert description.warnings == ()


def test_steps_that_are_written_come_back() -> None:
    """Those of the sample metadata, and one of each kind."""
    stain, wax = Code("12710003", "SCT", "Hematoxylin stain"), Code("311731000", "SCT", "Paraffin wax")
    steps = (
        PreparationStep(action=PreparationAction.COLLECTION, method=Code("65801008", "SCT", "Excision")),
        PreparationStep(action=PreparationAction.RECEIVING, date_time="20240102", description="by post"),
        PreparationStep(
            action=PreparationAction.SAMPLING,
            method=Code("122459003", "SCT", "Dissection"),
            parent_identifier="P1",
            parent_type=Code("430861001", "SCT", "Gross specimen"),
            specimen_identifier="P1-A",
        ),
        PreparationStep(action=PreparationAction.FIXATION, fixative=Code("431510009", "SCT", "Formalin")),
        PreparationStep(action=PreparationAction.EMBEDDING, medium=wax),
        PreparationStep(action=PreparationAction.PROCESSING, method=Code("78088001", "SCT", "Dehydration")),
        PreparationStep(action=PreparationAction.STORAGE),
        PreparationStep(action=PreparationAction.STAINING, substances=(stain,), date_time="20240103"),
    )
    given = parse_metadata(sample_metadata(), "sample")
    metadata = resolve_metadata(given, ScannerFacts(), research_placeholder=True, slide_name="s")
    object.__setattr__(metadata, "specimen_preparation", steps)
    object.__setattr__(metadata, "staining_substances", ())
    specimen = item(SpecimenIdentifier=metadata.specimen_identifier)
    specimen.SpecimenPreparationSequence = preparation_sequence(metadata)
    assert preparation_steps(specimen) == (steps, 0)


def test_a_plain_staining_is_given_as_its_substances(tmp_path: Path) -> None:
    """In SNOMED RT as in SNOMED CT. A step that lacks what its kind needs is told."""
    stain = code("12710003", "SCT", "Hematoxylin stain")
    kind = item(
        ValueType="CODE",
        ConceptNameCodeSequence=[code("111701", "DCM", "Processing type")],
        ConceptCodeSequence=[code("P3-00003", "SRT", "Staining")],
    )
    used = item(
        ValueType="CODE",
        ConceptNameCodeSequence=[code("G-C350", "SRT", "Using substance")],
        ConceptCodeSequence=[stain],
    )
    steps = [
        item(SpecimenPreparationStepContentItemSequence=[kind]),
        item(SpecimenPreparationStepContentItemSequence=[kind, used]),
    ]
    specimen = item(SpecimenIdentifier="S1", SpecimenPreparationSequence=steps)
    description = described(tmp_path, SpecimenDescriptionSequence=[specimen, item(SpecimenIdentifier="S2")])
    assert description.metadata.staining_substances == (Code("12710003", "SCT", "Hematoxylin stain"),)
    assert description.metadata.specimen_preparation == ()
    assert description.metadata.specimen_identifier == "S1"
    assert any("1 steps of the specimen's preparation" in warning for warning in description.warnings)
    assert any("2 specimens" in warning for warning in description.warnings)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("PatientID", "A" * 65), ("StudyDate", "20241301"), ("PatientSex", "X"), ("AccessionNumber", "1234567890\\2")],
)
def test_a_value_that_cannot_be_written_is_left_out_by_name(tmp_path: Path, attribute: str, value: str) -> None:
    path = write(tmp_path / "s.dcm", header(EDGE, EDGE, **{attribute: "20240101"}, StudyID="7"), FRAMES)
    data = path.read_bytes()
    placeholder = b"20240101"
    at = data.index(placeholder)
    written = value.encode() + b" " * (len(value) % 2)
    path.write_bytes(data[: at - 2] + len(written).to_bytes(2, "little") + written + data[at + 8 :])
    with open_source(str(path)) as source:
        description = source.describe()
    assert any(f"the source's {attribute} cannot be written" in warning for warning in description.warnings)
    assert description.metadata.study_id == "7"


def test_optical_paths_have_light_names_and_wavelengths(tmp_path: Path) -> None:
    paths = optical_paths("a", "b", "c")
    paths[0].OpticalPathDescription = "DAPI"
    paths[0].IlluminationWaveLength = 358.0
    paths[0].IlluminationTypeCodeSequence = [code("111743", "DCM", "Epifluorescence illumination")]
    paths[0].ImagePathFilterPassThroughWavelength = 461
    paths[1].IlluminationTypeCodeSequence = [code("111745", "DCM", "Darkfield illumination")]
    paths[1].LightPathFilterPassBand = [480, 500]
    description = described(tmp_path, OpticalPathSequence=paths, **gray())
    one, two, three = description.optical_paths
    assert (one.name, one.illumination) == ("DAPI", Illumination.FLUORESCENCE)
    assert (one.excitation_wavelength_nm, one.emission_wavelength_nm) == (358.0, 461.0)
    assert (two.name, two.illumination, two.excitation_wavelength_nm) == ("b", Illumination.DARKFIELD, 490.0)
    assert (three.name, three.illumination) == ("c", Illumination.FLUORESCENCE)


def test_spacing_follows_from_the_imaged_volume(tmp_path: Path) -> None:
    description = described(
        tmp_path, SharedFunctionalGroupsSequence=None, ImagedVolumeWidth=0.016, ImagedVolumeHeight=0.032
    )
    assert description.facts.pixel_spacing_mm == pytest.approx((0.002, 0.001))
    assert described(tmp_path, SharedFunctionalGroupsSequence=None).facts.pixel_spacing_mm is None


def test_another_orientation_is_told_and_gives_no_origin(tmp_path: Path) -> None:
    origin = [item(XOffsetInSlideCoordinateSystem="20", YOffsetInSlideCoordinateSystem="40")]
    usual = described(tmp_path, ImageOrientationSlide=[0, -1, 0, -1, 0, 0], TotalPixelMatrixOriginSequence=origin)
    other = described(tmp_path, ImageOrientationSlide=[-1, 0, 0, 0, -1, 0], TotalPixelMatrixOriginSequence=origin)
    assert usual.facts.origin_mm == (20.0, 40.0)
    assert usual.warnings == ()
    assert other.facts.origin_mm is None
    assert any("ImageOrientationSlide" in warning for warning in other.warnings)


def test_the_label_says_what_is_written_on_it(tmp_path: Path) -> None:
    write(tmp_path / "1.dcm", header(EDGE, EDGE), FRAMES)
    label = header(EDGE, EDGE, ImageType=["ORIGINAL", "PRIMARY", "LABEL", "NONE"], BarcodeValue="B7", LabelText="Doe")
    write(tmp_path / "2.dcm", label, FRAMES)
    with open_source(str(tmp_path)) as source:
        description = source.describe()
    assert (description.facts.barcode, description.facts.label_text) == ("B7", "Doe")
    assert (description.metadata.barcode_value, description.metadata.label_text) == ("B7", "Doe")


def test_all_text_is_a_property_and_no_pixels_are(shared_slides: Path) -> None:
    path = shared_slides / "dicom/highdicom-sm_image.dcm"
    with open_source(str(path)) as source:
        properties = dict(source.describe().properties)
    data = dcmread(path)
    assert properties["PatientName"] == str(data.PatientName)
    assert properties["ReferringPhysicianName"] == "Test^Physician"
    assert properties["SpecimenDescriptionSequence[0].PrimaryAnatomicStructureSequence[0].CodeMeaning"] == "Brain"
    assert "PixelData" not in properties
