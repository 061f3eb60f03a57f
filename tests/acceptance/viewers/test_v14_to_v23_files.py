"""V14 to V23: colour, sizes, offset tables, codestreams, identity and what viewers call the other images."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
from PIL import ImageCms
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from pipeline import run
from pipeline.model.metadata import Sample, sample_metadata
from pipeline.model.offset_table import OffsetTable
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.viewers.test_v1_to_v13_series import OURS, headers, of_kind
from tests.graph.conversions import convert, stored_frames
from tests.sample import build_sample_slide

SYNTAXES: dict[str, dict[str, Any]] = {
    "jpeg": {"transfer_syntax": TransferSyntax.JPEG_BASELINE},
    "jpeg2000-lossless": {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS},
    "jpeg2000-lossy": {"transfer_syntax": TransferSyntax.JPEG_2000, "compression_ratio": 20.0},
    "htj2k": {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL},
    "jpeg-ls": {"transfer_syntax": TransferSyntax.JPEG_LS_LOSSLESS},
}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of one small level and no more."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=300, rows=200, tile=128, associated=False)


@OURS
def test_v14_colour_has_an_input_profile(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        (path,) = image.OpticalPathSequence
        assert path.ICCProfile[12:16] in (b"scnr", b"spac")
        assert path.ICCProfile[16:20] == b"RGB "
    base = next(file for file in sorted(variants[variant].iterdir()) if file.name.startswith("level-0"))
    with openslide.OpenSlide(base) as shown:
        assert isinstance(shown.color_profile, ImageCms.ImageCmsProfile)


@OURS
def test_v15_levels_shrink(variants: dict[str, Path], variant: str) -> None:
    levels = of_kind(variants[variant], "VOLUME")
    sizes = sorted({(x.TotalPixelMatrixColumns, x.TotalPixelMatrixRows) for x in levels}, reverse=True)
    assert len(sizes) == 3
    assert all(larger[0] > smaller[0] and larger[1] > smaller[1] for larger, smaller in pairwise(sizes))


@pytest.mark.parametrize("table", [OffsetTable.BASIC, OffsetTable.EXTENDED, OffsetTable.EMPTY])
def test_v16_every_offset_table_finds_the_same_frames(slide: Path, tmp_path: Path, table: OffsetTable) -> None:
    for name, kind in (("auto", OffsetTable.AUTO), ("asked", table)):
        convert(slide, tmp_path / name, levels=(0,), offset_table=kind)
    file = tmp_path / "asked" / slide.name / "level-0.dcm"
    assert stored_frames(file) == stored_frames(tmp_path / "auto" / slide.name / "level-0.dcm")
    dataset = pydicom.dcmread(file)
    entries = len(parse_basic_offsets(dataset.PixelData))
    assert ("ExtendedOffsetTable" in dataset) == (table is OffsetTable.EXTENDED)
    assert entries == (dataset.NumberOfFrames if table is OffsetTable.BASIC else 0)
    with openslide.OpenSlide(file) as shown, openslide.OpenSlide(slide) as source:
        ours, theirs = (np.asarray(each.read_region((0, 0), 0, (300, 200))) for each in (shown, source))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", SYNTAXES)
def test_v17_a_frame_is_known_by_its_bytes(slide: Path, tmp_path: Path, name: str) -> None:
    """Stores and viewers look at the first bytes, and at the last ones: FFD9, and one byte of padding at most."""
    convert(slide, tmp_path, levels=(0,), force_transcode=True, **SYNTAXES[name])
    dataset = pydicom.dcmread(tmp_path / slide.name / "level-0.dcm")
    begin = {"jpeg": b"\xff\xd8\xff", "jpeg-ls": b"\xff\xd8\xff\xf7"}.get(name, b"\xff\x4f\xff\x51")
    for frame in generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)):
        assert frame.startswith(begin)
        assert frame.endswith((b"\xff\xd9", b"\xff\xd9\0"))


@pytest.mark.parametrize(("name", "planes"), [("qupath-cells-2z.ome.tif", 2), ("multi-channel-z-series.ome.tif", 15)])
def test_v18_v19_focal_planes_are_counted(shared_slides: Path, tmp_path: Path, name: str, planes: int) -> None:
    convert(shared_slides / "ome-tiff" / name, tmp_path, source_pixel_spacing_mm=(0.0005, 0.0005))
    (level,) = of_kind(tmp_path / name, "VOLUME")
    assert level.TotalPixelMatrixFocalPlanes * level.NumberOfOpticalPaths == planes
    across = -(-level.TotalPixelMatrixColumns // level.Columns)
    down = -(-level.TotalPixelMatrixRows // level.Rows)
    assert level.NumberOfFrames == across * down * planes
    assert level.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices > 0


@OURS
def test_v19_every_image_counts_its_frames(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        assert int(image.NumberOfFrames) >= 1
        across = -(-image.TotalPixelMatrixColumns // image.Columns)
        down = -(-image.TotalPixelMatrixRows // image.Rows)
        if image.DimensionOrganizationType == "TILED_FULL" and "ConcatenationUID" not in image:
            assert image.NumberOfFrames == across * down
    parts = [image for image in headers(variants[variant]) if "ConcatenationUID" in image]
    if parts:
        assert sum(part.NumberOfFrames for part in parts) == 9 * 8


@OURS
def test_v20_class_and_modality(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        assert image.Modality == "SM"
        assert image.SOPClassUID == image.file_meta.MediaStorageSOPClassUID == VLWholeSlideMicroscopyImageStorage
        assert image.SOPInstanceUID == image.file_meta.MediaStorageSOPInstanceUID


def test_v21_v22_specimen_stain_barcode_and_objective(slide: Path, tmp_path: Path) -> None:
    metadata = tmp_path / "m.json"
    metadata.write_text(json.dumps(json.loads(sample_metadata(Sample.JSON)) | {"barcode_value": "S26-1 A"}), "utf-8")
    command = ["--input", str(slide), "--output", str(tmp_path / "out"), "--metadata", str(metadata), "--quiet"]
    assert run.main([*command, "--level", "0"]) == 0
    (image,) = headers(tmp_path / "out" / slide.name)
    (specimen,) = image.SpecimenDescriptionSequence
    assert specimen.SpecimenUID
    assert image.ContainerTypeCodeSequence[0].CodeValue
    steps = [step.SpecimenPreparationStepContentItemSequence for step in specimen.SpecimenPreparationSequence]
    told = [item.ConceptCodeSequence[0].CodeMeaning for step in steps for item in step if item.ValueType == "CODE"]
    assert "hematoxylin stain" in " ".join(told).lower()
    assert image.BarcodeValue == "S26-1 A"
    assert float(image.OpticalPathSequence[0].ObjectiveLensPower) == 20
    with openslide.OpenSlide(tmp_path / "out" / slide.name / "level-0.dcm") as shown:
        assert shown.properties["openslide.objective-power"] == "20"
        assert shown.properties["openslide.barcode"] == "S26-1 A"


def test_v22_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, np.full((64, 64, 3), 200, np.uint8), resolution=(20000, 20000), resolutionunit="CENTIMETER")
    convert(path, tmp_path / "out")
    (image,) = headers(tmp_path / "out" / path.name)
    assert "BarcodeValue" not in image
    assert "ObjectiveLensPower" not in image.OpticalPathSequence[0]


@OURS
def test_v23_label_overview_and_thumbnail_are_one_frame_each(variants: dict[str, Path], variant: str) -> None:
    for kind in ("LABEL", "OVERVIEW", "THUMBNAIL"):
        (image,) = of_kind(variants[variant], kind)
        assert image.NumberOfFrames == 1
        assert "ConcatenationUID" not in image
        assert (image.Columns, image.Rows) == (image.TotalPixelMatrixColumns, image.TotalPixelMatrixRows)
    base = next(file for file in sorted(variants[variant].iterdir()) if file.name.startswith("level-0"))
    with openslide.OpenSlide(base) as shown:
        assert set(shown.associated_images) == {"label", "macro", "thumbnail"}
        assert all(np.asarray(picture).std() > 0 for picture in shown.associated_images.values())
