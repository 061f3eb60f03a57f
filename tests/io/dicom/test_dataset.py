"""Rules of the data set that no validator knows: what is equal across a slide, what is where, what is nowhere."""

import dataclasses
import re
from itertools import pairwise
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from pipeline.io.dicom.concatenation import Part
from pipeline.io.dicom.dataset import instance_dataset
from pipeline.model.errors import ConfigError
from pipeline.model.geometry import TileGrid, level_spacing
from pipeline.model.metadata import parse_metadata
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.reasons import Route
from pipeline.model.source import ImageKind, LossyHistory, LossyStage, ScannerFacts
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.dicom.plans import JPEG_HISTORY, SPACING_MM, gray_plan, instance_plan, single_frame_plan, slide_plan

SLIDE = slide_plan()
BY_NAME = {instance.name: instance for instance in SLIDE.instances}


def whole(instance: InstancePlan) -> Part:
    """Return an instance as one file."""
    return Part(1, 1, 0, instance.frames)


def dataset_of(name: str, slide: SlidePlan = SLIDE) -> Dataset:
    """Return the data set of an instance of the slide."""
    instance = next(i for i in slide.instances if i.name == name)
    return instance_dataset(slide, instance, whole(instance), stored_bytes=100_000)


def dataset_of_plan(instance: InstancePlan, **changes: Any) -> Dataset:
    """Return the data set of an instance that is alone on its slide."""
    return instance_dataset(slide_plan(instance, **changes), instance, whole(instance), stored_bytes=100_000)


def all_elements(dataset: Dataset) -> list[pydicom.DataElement]:
    """Return all elements, those of nested items included."""
    return list(dataset.iterall())


@pytest.mark.parametrize(
    "keyword",
    [
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "FrameOfReferenceUID",
        "ContainerIdentifier",
        "ContentDate",
        "ContentTime",
        "AcquisitionDateTime",
        "SpecimenDescriptionSequence",
        "DimensionOrganizationSequence",
        "DimensionIndexSequence",
    ],
)
def test_what_all_instances_share(keyword: str) -> None:
    first, *others = (dataset_of(name) for name in BY_NAME)
    assert all(other[keyword] == first[keyword] for other in others)


def test_only_levels_and_thumbnail_are_in_the_pyramid() -> None:
    with_pyramid = {name for name in BY_NAME if dataset_of(name).get("PyramidUID") == SLIDE.pyramid_uid}
    assert with_pyramid == {"level-0", "level-1", "thumbnail"}
    assert not any("PyramidUID" in dataset_of(name) for name in ("label", "overview"))


@pytest.mark.parametrize(
    ("name", "image_type"),
    [
        ("level-0", ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]),
        ("level-1", ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]),
        ("label", ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]),
        ("overview", ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"]),
        ("thumbnail", ["DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED"]),
    ],
)
def test_image_type_and_frame_type(name: str, image_type: list[str]) -> None:
    dataset = dataset_of(name)
    frame_type = dataset.SharedFunctionalGroupsSequence[0].WholeSlideMicroscopyImageFrameTypeSequence[0].FrameType
    assert list(dataset.ImageType) == image_type == list(frame_type)


def test_the_largest_level_that_is_written_is_not_resampled() -> None:
    second = instance_plan(name="level-1", level=1)
    assert list(dataset_of_plan(second).ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def test_only_label_and_overview_may_show_a_name() -> None:
    shown = {name: dataset_of(name) for name in BY_NAME}
    assert {n for n, d in shown.items() if d.SpecimenLabelInImage == "YES"} == {"label", "overview"}
    assert {n for n, d in shown.items() if d.BurnedInAnnotation == "YES"} == {"label", "overview"}


def test_levels_have_the_barcode_and_only_the_label_its_text() -> None:
    label = dataset_of("label")
    assert (label.BarcodeValue, label.LabelText) == ("S26004711A11", "S26-004711 A1 H&E")
    for name in set(BY_NAME) - {"label"}:
        dataset = dataset_of(name)
        told = ("S26004711A11", "") if dataset.ImageType[2] == "VOLUME" else (None, None)
        assert (dataset.get("BarcodeValue"), dataset.get("LabelText")) == told


def test_levels_show_the_same_volume_whatever_the_rounding() -> None:
    grids = [TileGrid(46001, 32915, 256, 256), TileGrid(11500, 8228, 256, 256), TileGrid(2875, 2058, 256, 256)]
    base = (grids[0].columns, grids[0].rows)
    levels = [
        instance_plan(
            name=f"level-{level}",
            level=level,
            grid=grid,
            pixel_spacing_mm=level_spacing(base, SPACING_MM, (grid.columns, grid.rows)),
        )
        for level, grid in enumerate(grids)
    ]
    slide = slide_plan(*levels)
    sets = [dataset_of(level.name, slide) for level in levels]
    assert len({(d.ImagedVolumeWidth, d.ImagedVolumeHeight) for d in sets}) == 1
    assert sets[0].ImagedVolumeWidth == pytest.approx(46001 * SPACING_MM[1])
    assert sets[0].ImagedVolumeHeight == pytest.approx(32915 * SPACING_MM[0])
    spacings = [d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing for d in sets]
    assert all(spacing[0] == spacing[1] for spacing in spacings)
    assert all(smaller[0] < larger[0] for smaller, larger in pairwise(spacings))


def test_spacing_is_between_rows_first() -> None:
    dataset = dataset_of_plan(instance_plan(pixel_spacing_mm=(0.0005, 0.00025)))
    assert list(dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing) == [0.0005, 0.00025]
    assert dataset.ImagedVolumeWidth == pytest.approx(600 * 0.00025)
    assert dataset.ImagedVolumeHeight == pytest.approx(500 * 0.0005)


def test_depth_is_in_micrometres_and_thickness_in_millimetres() -> None:
    dataset = dataset_of("level-0")
    assert dataset.ImagedVolumeDepth == pytest.approx(1.5)
    assert dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == pytest.approx(0.0015)


def test_every_instance_is_placed() -> None:
    for name in BY_NAME:
        dataset = dataset_of(name)
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        assert len(measures.PixelSpacing) == 2
        assert {"XOffsetInSlideCoordinateSystem", "YOffsetInSlideCoordinateSystem"} == set(
            dataset.TotalPixelMatrixOriginSequence[0].dir()
        )
        rows, columns = dataset.ImageOrientationSlide[:3], dataset.ImageOrientationSlide[3:]
        normal = rows[0] * columns[1] - rows[1] * columns[0]
        assert normal == -1, "rows to the right and columns down look into the glass, against Z"


def test_the_scanner_s_origin_is_written_for_levels() -> None:
    facts = ScannerFacts(pixel_spacing_mm=SPACING_MM, origin_mm=(23.449873, 49.308426))
    slide = slide_plan(facts=facts)
    for name in ("level-0", "level-1", "thumbnail"):
        origin = dataset_of(name, slide).TotalPixelMatrixOriginSequence[0]
        assert origin.XOffsetInSlideCoordinateSystem == pytest.approx(23.449873)
        assert origin.YOffsetInSlideCoordinateSystem == pytest.approx(49.308426)


def test_a_label_without_scale_is_as_wide_as_a_slide() -> None:
    dataset = dataset_of("label")
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert spacing[0] == spacing[1] == pytest.approx(25 / 160)
    assert dataset.ImagedVolumeWidth == pytest.approx(25)


def test_a_level_without_scale_is_refused() -> None:
    with pytest.raises(ConfigError, match="--source-pixel-spacing-mm"):
        dataset_of_plan(instance_plan(pixel_spacing_mm=None))


def test_frames_are_tiled_full_with_row_before_column() -> None:
    dataset = dataset_of("level-0")
    assert dataset.DimensionOrganizationType == "TILED_FULL"
    assert "PerFrameFunctionalGroupsSequence" not in dataset
    pointers = [pydicom.datadict.keyword_for_tag(i.DimensionIndexPointer) for i in dataset.DimensionIndexSequence]
    assert pointers == ["RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix"]
    assert (dataset.NumberOfFrames, dataset.TotalPixelMatrixFocalPlanes, dataset.NumberOfOpticalPaths) == (9, 1, 1)


def test_the_optical_path_is_brightfield_with_profile_and_objective() -> None:
    path = dataset_of("level-0").OpticalPathSequence[0]
    assert path.IlluminationTypeCodeSequence[0].CodeValue == "111744"
    assert path.ObjectiveLensPower == 20
    assert path.ICCProfile == SLIDE.icc_profile
    assert "ObjectiveLensPower" not in dataset_of("label").OpticalPathSequence[0]


def test_gray_needs_no_profile_and_has_identity_presentation() -> None:
    dataset = dataset_of_plan(gray_plan(), icc_profile=b"")
    assert "ICCProfile" not in dataset.OpticalPathSequence[0]
    assert (dataset.PresentationLUTShape, dataset.RescaleIntercept, dataset.RescaleSlope) == ("IDENTITY", 0, 1)
    assert "PlanarConfiguration" not in dataset


def test_a_colour_label_of_a_gray_slide_has_srgb() -> None:
    label = single_frame_plan(ImageKind.LABEL, 2, 40, 50)
    dataset = instance_dataset(slide_plan(gray_plan(), label, icc_profile=b""), label, whole(label), stored_bytes=1)
    assert dataset.OpticalPathSequence[0].ICCProfile[12:16] == b"scnr"


def test_lossless_encoding_keeps_the_source_s_history() -> None:
    lossless = {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL, "route": Route.ENCODE, "reversible": True}
    kept = dataset_of_plan(instance_plan(lossy=JPEG_HISTORY, **lossless))
    assert (kept.LossyImageCompression, kept.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert kept.LossyImageCompressionRatio == pytest.approx(9.73)
    none = dataset_of_plan(instance_plan(lossy=LossyHistory(), **lossless))
    assert none.LossyImageCompression == "00"
    assert not {"LossyImageCompressionMethod", "LossyImageCompressionRatio"} & set(none.dir())


def test_a_passing_tile_adds_no_stage() -> None:
    dataset = dataset_of_plan(instance_plan(route=Route.PASSTHROUGH, lossy=JPEG_HISTORY))
    assert dataset.LossyImageCompressionMethod == "ISO_10918_1"


def test_an_unknown_history_is_lossy_without_a_method() -> None:
    unknown = instance_plan(lossy=LossyHistory(unknown=True), route=Route.ENCODE, reversible=True)
    dataset = dataset_of_plan(unknown)
    assert dataset.LossyImageCompression == "01"
    assert "LossyImageCompressionMethod" not in dataset


def test_j2k_after_jpeg_is_listed_in_order() -> None:
    stages = (LossyStage("ISO_10918_1", 9.0), LossyStage("ISO_10918_1", 3.0))
    again = instance_plan(
        lossy=LossyHistory(stages=stages), route=Route.ENCODE, transfer_syntax=TransferSyntax.JPEG_2000
    )
    dataset = dataset_of_plan(again)
    assert list(dataset.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_10918_1", "ISO_15444_1"]
    assert list(dataset.LossyImageCompressionRatio) == pytest.approx([9.0, 3.0, again.frame_bytes * 9 / 100_000])


def test_staining_site_and_laterality_are_coded() -> None:
    dataset = dataset_of("level-0")
    specimen = dataset.SpecimenDescriptionSequence[0]
    assert specimen.PrimaryAnatomicStructureSequence[0].CodeMeaning == "Breast"
    assert dataset.ImageLaterality == "L"
    contents = specimen.SpecimenPreparationSequence[-1].SpecimenPreparationStepContentItemSequence
    substances = [
        c.ConceptCodeSequence[0].CodeValue for c in contents if c.ConceptNameCodeSequence[0].CodeValue == "424361007"
    ]
    assert substances == ["12710003", "36879007"]


@pytest.mark.parametrize(
    ("issuer", "text"),
    [
        ('{"local_namespace_entity_id": "LIS"}', "LIS"),
        ('{"universal_entity_id": "1.2.3", "universal_entity_id_type": "ISO"}', "^1.2.3^ISO"),
    ],
)
def test_the_issuer_stands_beside_the_identifier(issuer: str, text: str) -> None:
    stain = '{"value": "12710003", "scheme_designator": "SCT", "meaning": "Hematoxylin stain"}'
    given = parse_metadata(f'{{"specimen_identifier_issuer": {issuer}, "staining_substances": [{stain}]}}', "test")
    specimen = dataset_of_plan(instance_plan(), given=given).SpecimenDescriptionSequence[0]
    contents = specimen.SpecimenPreparationSequence[0].SpecimenPreparationStepContentItemSequence
    assert [c.TextValue for c in contents if c.ConceptNameCodeSequence[0].CodeValue == "111724"] == [text]
    assert len(specimen.IssuerOfTheSpecimenIdentifierSequence) == 1


def test_placeholder_specimens_of_different_slides_differ() -> None:
    metadata = dataclasses.replace(SLIDE.metadata, specimen_uid="")
    first = dataset_of_plan(instance_plan(), metadata=metadata, fingerprint="a")
    second = dataset_of_plan(instance_plan(), metadata=metadata, fingerprint="b")
    uids = {d.SpecimenDescriptionSequence[0].SpecimenUID for d in (first, second)}
    assert len(uids) == 2


def test_no_date_is_later_than_the_acquisition() -> None:
    dates = {
        e.value[:8]
        for e in all_elements(dataset_of("level-0"))
        if e.VR in ("DA", "DT") and e.keyword != "PatientBirthDate"
    }
    assert max(dates) == "20260114"


@pytest.mark.parametrize("spacing", [1 / 3000, 0.00024999999999999998, 1e-7 / 3, 0.1 + 0.2])
def test_decimal_strings_have_at_most_16_characters(spacing: float) -> None:
    dataset = dataset_of_plan(instance_plan(pixel_spacing_mm=(spacing, spacing)))
    written = [e for e in all_elements(dataset) if e.VR == "DS"]
    values = [v for e in written for v in (e.value if e.VM > 1 else [e.value])]
    assert values
    assert all(re.fullmatch(r"[0-9+\-.eE]{1,16}", str(value)) for value in values)
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.PixelSpacing[0]) == pytest.approx(spacing, rel=1e-9)
