"""A slide converted for each target: the files are what the profile promises, and OpenSlide opens its own."""

from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
from pydicom.encaps import parse_basic_offsets

from pipeline import DicomExport
from pipeline.configs.profiles import profile_names, target_profile
from pipeline.io.sources import open_source
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import shown
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

ENCODINGS = (TileEncoding.JPEG_YCBCR_420, TileEncoding.J2K_33005_MCT, TileEncoding.J2K_33005_ICT)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> dict[TileEncoding, Path]:
    """Return a small sample slide of lossy JPEG, of reversible and of irreversible JPEG 2000."""
    folder = tmp_path_factory.mktemp("slides")
    return {
        encoding: build_sample_slide(folder / f"{encoding}.svs", columns=500, rows=400, tile=128, encoding=encoding)
        for encoding in ENCODINGS
    }


def export(slide: Path, output: Path, profile: str) -> DicomExport:
    """Return an export of a slide to a target."""
    return DicomExport.from_slide(slide).to_directory(output).profile(profile).research_placeholder()


def syntax_of(file: Path) -> TransferSyntax:
    return TransferSyntax(pydicom.dcmread(file, stop_before_pixels=True).file_meta.TransferSyntaxUID)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", [name for name in profile_names() if name != "plain"])
def test_files_are_what_the_target_takes(
    slides: dict[TileEncoding, Path], tmp_path: Path, name: str, encoding: TileEncoding
) -> None:
    slide, profile = slides[encoding], target_profile(name)
    report = export(slide, tmp_path, name).run()
    assert report["options"]["profile"] == name
    files = sorted((tmp_path / slide.name).glob("*.dcm"))
    assert len(files) == 6
    for file in files:
        assert syntax_of(file) in profile.kept
        assert file.stat().st_size <= (profile.max_instance_bytes or np.inf)
        data = pydicom.dcmread(file)
        assert len(parse_basic_offsets(data.PixelData)) == int(data.NumberOfFrames)
        assert "ExtendedOffsetTable" not in data
        assert len(shown(file)) == int(data.NumberOfFrames)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_openslide_opens_what_is_made_for_it(
    slides: dict[TileEncoding, Path], tmp_path: Path, encoding: TileEncoding
) -> None:
    slide = slides[encoding]
    export(slide, tmp_path, "openslide").run()
    with openslide.OpenSlide(slide) as one, openslide.OpenSlide(tmp_path / slide.name / "level-0.dcm") as other:
        assert other.properties["openslide.vendor"] == "dicom"
        assert other.level_dimensions == one.level_dimensions
        assert set(other.associated_images) == {"label", "macro", "thumbnail"}
        regions = [np.asarray(opened.read_region((0, 0), 0, (128, 128)).convert("RGB"), int) for opened in (one, other)]
        assert np.abs(regions[0] - regions[1]).max() <= 2


def test_what_openslide_does_not_read_is_made_for_the_store_that_wants_it(
    slides: dict[TileEncoding, Path], tmp_path: Path
) -> None:
    """So that the profile of OpenSlide is seen to matter; the pixels are those of the slide all the same."""
    slide = slides[TileEncoding.J2K_33005_MCT]
    export(slide, tmp_path, "aws-healthimaging").run()
    file = tmp_path / slide.name / "level-0.dcm"
    assert syntax_of(file) is TransferSyntax.HTJ2K_LOSSLESS_RPCL
    with pytest.raises(openslide.OpenSlideError, match="Unsupported transfer syntax"):
        openslide.OpenSlide(file)
    with open_source(str(slide)) as source:
        assert np.array_equal(shown(file)[0], source.read_region(0, 0, 0, 128, 128))


def test_orthanc_is_given_small_files(tmp_path: Path) -> None:
    """20 MB of frames in files of at most 10 MB: parts of a concatenation, which OpenSlide reads as a level."""
    slide = build_sample_slide(tmp_path / "large.svs", columns=2600, rows=2600, tile=512, associated=False)
    large = export(slide, tmp_path / "parts", "orthanc").transfer_syntax("explicit-vr-little-endian").level(0)
    large.run()
    files = sorted((tmp_path / "parts" / slide.name).glob("*.dcm"))
    headers: list[Any] = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    assert len(files) > 2
    assert all(file.stat().st_size <= 10_000_000 for file in files)
    assert {header.ConcatenationUID for header in headers} == {headers[0].ConcatenationUID}
    with openslide.OpenSlide(files[0]) as opened:
        assert opened.dimensions == (2600, 2600)
    whole = large.to_directory(tmp_path / "whole").max_instance_mb(100).run()
    assert [len(instance["files"]) for instance in whole["instances"]] == [1]
