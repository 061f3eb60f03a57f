"""V1 to V13: what makes files one slide, and what makes a frame one that viewers show."""

from collections import Counter
from itertools import product
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pydicom
import pytest
import tifffile
from pydicom import Dataset
from pydicom.encaps import generate_frames

from pipeline.model.config import OpticalPaths
from tests.graph.conversions import convert
from tests.sample import draw_tissue

WRITTEN = ("complete", "sparse", "concatenation")
OURS = pytest.mark.parametrize("variant", WRITTEN)
OPENSLIDE_READS = {
    "1.2.840.10008.1.2.1": ("RGB",),
    "1.2.840.10008.1.2.4.50": ("YBR_FULL_422", "RGB"),
    "1.2.840.10008.1.2.4.90": ("YBR_RCT", "RGB"),
    "1.2.840.10008.1.2.4.91": ("YBR_ICT", "YBR_RCT", "RGB"),
}


def headers(series: Path) -> list[Dataset]:
    """Return the headers of all files of a folder."""
    return [pydicom.dcmread(file, stop_before_pixels=True) for file in sorted(series.iterdir())]


def of_kind(series: Path, *kinds: str) -> list[Dataset]:
    """Return the headers of images of some flavours, as value 3 of ImageType has it."""
    return [header for header in headers(series) if header.ImageType[2] in kinds]


@OURS
def test_v1_levels_and_thumbnail_share_a_frame_of_reference(variants: dict[str, Path], variant: str) -> None:
    images = of_kind(variants[variant], "VOLUME", "THUMBNAIL")
    assert len({image.FrameOfReferenceUID for image in images}) == 1


@OURS
def test_v2_all_images_name_the_same_container(variants: dict[str, Path], variant: str) -> None:
    assert {bool(image.ContainerIdentifier) for image in headers(variants[variant])} == {True}
    assert len({image.ContainerIdentifier for image in headers(variants[variant])}) == 1


@OURS
def test_v3_image_type_has_four_values_and_a_flavour(variants: dict[str, Path], variant: str) -> None:
    images = headers(variants[variant])
    assert all(len(image.ImageType) == 4 for image in images)
    assert {image.ImageType[2] for image in images} == {"VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"}


@OURS
def test_v4_optical_paths_have_identifier_and_illumination(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        assert len(image.OpticalPathSequence) == image.NumberOfOpticalPaths == 1
        (path,) = image.OpticalPathSequence
        assert path.OpticalPathIdentifier
        assert path.IlluminationTypeCodeSequence[0].CodeValue == "111744"


def test_v5_frames_are_numbered_or_say_where_they_are(variants: dict[str, Path]) -> None:
    for variant in WRITTEN:
        for image in headers(variants[variant]):
            is_sparse = variant == "sparse" and image.InstanceNumber == 1
            assert image.DimensionOrganizationType == ("TILED_SPARSE" if is_sparse else "TILED_FULL")
            assert ("PerFrameFunctionalGroupsSequence" in image) == is_sparse
    sparse = pydicom.dcmread(variants["sparse"] / "level-0.dcm", stop_before_pixels=True)
    assert len(sparse.PerFrameFunctionalGroupsSequence) == sparse.NumberOfFrames
    assert all(len(group.PlanePositionSlideSequence) == 1 for group in sparse.PerFrameFunctionalGroupsSequence)


@OURS
def test_v6_every_image_says_its_size_scale_and_place(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        assert min(image.TotalPixelMatrixColumns, image.TotalPixelMatrixRows, image.Rows, image.Columns) > 0
        assert len(image.ImageOrientationSlide) == 6
        (origin,) = image.TotalPixelMatrixOriginSequence
        assert float(origin.XOffsetInSlideCoordinateSystem) >= 0
        assert float(origin.YOffsetInSlideCoordinateSystem) >= 0
        measures = image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        assert all(float(spacing) > 0 for spacing in measures.PixelSpacing)


@OURS
def test_v7_colour_has_8_bits_interleaved(variants: dict[str, Path], variant: str) -> None:
    for image in headers(variants[variant]):
        assert (image.SamplesPerPixel, image.PlanarConfiguration, image.PixelRepresentation) == (3, 0, 0)
        assert (image.BitsAllocated, image.BitsStored, image.HighBit) == (8, 8, 7)
        assert image.get("TotalPixelMatrixFocalPlanes", 1) == 1


@pytest.mark.parametrize("syntax", ["", "jpeg2000-lossless", "explicit-vr-little-endian"])
def test_v8_a_profile_writes_what_openslide_reads(sample_slide: Path, tmp_path: Path, syntax: str) -> None:
    from pipeline import run

    options = ["--transfer-syntax", syntax] if syntax else []
    command = ["--input", str(sample_slide), "--output", str(tmp_path), "--research-placeholder", "--quiet"]
    assert run.main([*command, "--profile", "openslide", "--level", "1-2", *options]) == 0
    series = tmp_path / sample_slide.name
    for image in headers(series):
        assert image.PhotometricInterpretation in OPENSLIDE_READS[image.file_meta.TransferSyntaxUID]
    with openslide.OpenSlide(series / "level-1.dcm") as shown, openslide.OpenSlide(sample_slide) as source:
        ours = np.asarray(shown.read_region((100, 100), 0, (200, 200)).convert("RGB")).astype(int)
        place = (round(100 * source.level_downsamples[1]), round(100 * source.level_downsamples[1]))
        theirs = np.asarray(source.read_region(place, 1, (200, 200)).convert("RGB")).astype(int)
        assert set(shown.associated_images) == {"label", "macro", "thumbnail"}
    assert np.abs(ours - theirs).mean() < 2


@OURS
def test_v9_v10_each_frame_is_what_the_header_says(variants: dict[str, Path], variant: str) -> None:
    """Frames of this slide are RGB; libjpeg takes three components without JFIF for YCbCr unless they say so."""
    for file in sorted(variants[variant].glob("level-*.dcm")):
        dataset = pydicom.dcmread(file)
        assert dataset.PhotometricInterpretation == "RGB"
        for frame in generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)):
            assert frame[frame.index(b"Adobe") + 11] == 0
            assert imagecodecs.jpeg8_decode(frame).shape == (dataset.Rows, dataset.Columns, 3)


def test_v9_ycbcr_frames_say_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "ycbcr.tif"
    tissue = draw_tissue(256, 256)
    tifffile.imwrite(
        path,
        tissue,
        tile=(128, 128),
        compression="jpeg",
        compressionargs={"outcolorspace": "ycbcr"},
        photometric="rgb",
        resolution=(20000, 20000),
        resolutionunit="CENTIMETER",
    )
    convert(path, tmp_path / "out")
    dataset = pydicom.dcmread(tmp_path / "out" / path.name / "level-0.dcm")
    assert dataset.PhotometricInterpretation == "YBR_FULL_422"
    frames = list(generate_frames(dataset.PixelData, number_of_frames=4))
    assert b"Adobe" not in frames[0][:200]
    shown = imagecodecs.jpeg8_decode(frames[0])
    assert np.abs(shown.astype(int) - tissue[:128, :128]).mean() < 6


@OURS
def test_v11_one_image_a_size_and_a_concatenation_is_complete(variants: dict[str, Path], variant: str) -> None:
    levels = of_kind(variants[variant], "VOLUME")
    parts = [level for level in levels if "ConcatenationUID" in level]
    alone = Counter(level.TotalPixelMatrixColumns for level in levels if level not in parts)
    assert set(alone.values()) <= {1}
    assert [part.InConcatenationNumber for part in parts] == ([1, 2] if variant == "concatenation" else [])
    for part in parts:
        assert part.InConcatenationTotalNumber == 2
        assert (part.Rows, part.Columns) == (parts[0].Rows, parts[0].Columns)
        assert part.TotalPixelMatrixColumns not in alone
    assert len({part.ConcatenationUID for part in parts}) <= 1


@OURS
def test_v12_a_folder_holds_one_series_and_nothing_else(variants: dict[str, Path], variant: str) -> None:
    images = headers(variants[variant])
    assert {file.suffix for file in variants[variant].iterdir()} == {".dcm"}
    assert len({image.SeriesInstanceUID for image in images}) == 1


@OURS
def test_v13_levels_are_alike_and_one_is_the_original(variants: dict[str, Path], variant: str) -> None:
    levels = of_kind(variants[variant], "VOLUME")
    assert len({level.SamplesPerPixel for level in levels}) == 1
    assert len({level.get("AcquisitionUID") for level in levels}) == 1
    assert len({level.PyramidUID for level in levels}) == 1
    originals = [level for level in levels if level.ImageType[3] != "RESAMPLED"]
    assert {level.TotalPixelMatrixColumns for level in originals} == {max(x.TotalPixelMatrixColumns for x in levels)}


@pytest.mark.parametrize("paths", OpticalPaths)
def test_v13_each_optical_path_has_one_original(shared_slides: Path, tmp_path: Path, paths: OpticalPaths) -> None:
    slide = shared_slides / "ome-tiff/minerva-2048x2048_ome6_tiled.ome.tif"
    convert(slide, tmp_path, optical_paths=paths, source_pixel_spacing_mm=(0.0005, 0.0005))
    found = []
    for level in of_kind(tmp_path / slide.name, "VOLUME"):
        if level.ImageType[3] != "RESAMPLED":
            found += [path.OpticalPathIdentifier for path in level.OpticalPathSequence]
    assert sorted(found) == ["0", "1", "2"]
    sizes = Counter(product([2048, 1024], range(1 if paths is OpticalPaths.COMBINED else 3)))
    assert len(of_kind(tmp_path / slide.name, "VOLUME")) == len(sizes)
