"""Slides found in folders: which images belong together, and what is left out."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from dicomweb_client import DICOMfileClient
from highdicom import SpecimenDescription, SpecimenPreparationStep, SpecimenStaining
from pydicom import Sequence as Items
from pydicom.sr.codedict import codes

from pipeline.io.reader import Slide, find_slides
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import level, save, save_level, specimen
from tests.io.sources.dicom.instances import optical_paths, picture, tiles_of


def test_r2_a_conversion_is_one_slide(converted: Path) -> None:
    slides = find_slides(file_client(converted))
    assert len(slides) == 1
    assert isinstance(slides[0], Slide)


def test_a_path_stands_for_a_client_of_it(converted: Path) -> None:
    (slide,), (same,) = find_slides(converted), find_slides(str(converted))
    assert slide.digest == same.digest
    assert slide.digest == find_slides(file_client(converted))[0].digest


def test_r2_images_are_grouped_by_study_container_and_frame_of_reference(tmp_path: Path) -> None:
    pixels = picture(32, 32)
    for study, container, frame in itertools.product("12", "AB", "34"):
        for number in range(2):
            save_level(
                tmp_path,
                pixels[:: 1 + number, :: 1 + number],
                spacing=0.001 * (1 + number),
                StudyInstanceUID=f"1.2.{study}",
                SeriesInstanceUID=f"1.2.{study}.{ord(container)}.{frame}",
                ContainerIdentifier=container,
                FrameOfReferenceUID=f"1.9.{frame}",
            )
    slides = find_slides(file_client(tmp_path))
    assert len(slides) == 8
    assert {slide.num_levels for slide in slides} == {2}
    client = file_client(tmp_path)
    assert len(find_slides(client, study_instance_uid="1.2.2")) == 4
    assert len(find_slides(client, study_instance_uid="1.2.2", container_id="A")) == 2


@pytest.mark.parametrize(
    "wanted", [{"container_id": "foo"}, {"study_instance_uid": "1.2.3.4"}, {"patient_id": "none"}, {"study_id": "none"}]
)
def test_r3_what_matches_nothing_finds_nothing(converted: Path, wanted: dict[str, str]) -> None:
    assert find_slides(file_client(converted), **wanted) == []  # type: ignore[arg-type]


def test_r3_what_matches_is_found(tmp_path: Path) -> None:
    save_level(tmp_path, picture(32, 32))
    client = file_client(tmp_path)
    for wanted in ({"container_id": "S-1"}, {"study_instance_uid": "1.2.826.0.1.7"}, {"patient_id": "P-1"}):
        assert len(find_slides(client, **wanted)) == 1  # type: ignore[arg-type]
    assert len(find_slides(client, study_id="7", patient_id="P-1")) == 1


@pytest.mark.parametrize("keyword", ["ContainerIdentifier", "FrameOfReferenceUID"])
def test_r4_images_of_no_slide_are_left_out(tmp_path: Path, keyword: str, caplog: pytest.LogCaptureFixture) -> None:
    save_level(tmp_path, picture(32, 32))
    lost = save_level(tmp_path, picture(16, 16), **{keyword: None})
    (slide,) = find_slides(file_client(tmp_path))
    assert slide.num_levels == 1
    assert lost.SOPInstanceUID in caplog.text


def stained(*substances: Any) -> Items:
    """Return a Specimen Description Sequence."""
    steps = [
        SpecimenPreparationStep(specimen_id="S-1-A", processing_procedure=SpecimenStaining([substance]))
        for substance in substances
    ]
    description = SpecimenDescription(
        specimen_id="S-1-A", specimen_uid="1.2.826.0.1.7.3", specimen_preparation_steps=steps
    )
    return Items([description])


def test_r22_optical_paths_are_found(slide: Slide) -> None:
    identifier = slide.get_channel_identifier(0)
    assert slide.find_optical_paths() == (0,)
    assert slide.find_optical_paths(identifier=identifier) == (0,)
    assert slide.find_optical_paths(identifier="2") == ()
    assert slide.find_segments() == ()


def test_r22_optical_paths_are_found_by_what_they_are(tmp_path: Path) -> None:
    pixels = picture(32, 32, samples=1, bits=16)
    paths = optical_paths("1", "2")
    for path, (name, wavelength) in zip(paths, (("nuclei", 461.0), ("actin", 518.0)), strict=True):
        path.OpticalPathDescription, path.IlluminationWaveLength = name, wavelength
    stains = stained(codes.SCT.HematoxylinStain, codes.SCT.WaterSolubleEosinStain)
    data = level(pixels, OpticalPathSequence=paths, SpecimenDescriptionSequence=stains, NumberOfFrames=8)
    save(tmp_path, data, tiles_of(pixels) * 2)
    (slide,) = find_slides(file_client(tmp_path))
    assert slide.find_optical_paths() == (0, 1)
    assert slide.find_optical_paths(description="actin") == (1,)
    assert slide.find_optical_paths(illumination_wavelength=461.0) == (0,)
    assert slide.find_optical_paths(specimen_stain=codes.SCT.HematoxylinStain) == (0, 1)
    assert slide.find_optical_paths(specimen_stain=codes.SCT.GiemsaStain) == ()


def test_r22_a_slide_without_specimens_has_no_stain(tmp_path: Path) -> None:
    save_level(tmp_path, picture(32, 32), SpecimenDescriptionSequence=None)
    (slide,) = find_slides(file_client(tmp_path))
    assert slide.find_optical_paths() == (0,)
    assert slide.find_optical_paths(specimen_stain=codes.SCT.HematoxylinStain) == ()


def test_slides_are_found_by_stain_and_optical_path(tmp_path: Path) -> None:
    save_level(tmp_path, picture(32, 32), SpecimenDescriptionSequence=stained(codes.SCT.HematoxylinStain))
    save_level(tmp_path, picture(32, 32), ContainerIdentifier="S-2", SpecimenDescriptionSequence=Items([specimen()]))
    client = file_client(tmp_path)
    assert len(find_slides(client, specimen_stains=[codes.SCT.HematoxylinStain])) == 1
    assert find_slides(client, specimen_stains=[codes.SCT.GiemsaStain]) == []
    assert len(find_slides(client, optical_path_ids=["9", "1"])) == 2
    assert find_slides(client, optical_path_ids=["9"]) == []


class PagedClient(DICOMfileClient):
    """A client of an archive that answers with a page of three unless it is asked for all."""

    def search_for_instances(self, *arguments: Any, get_remaining: bool = False, **named: Any) -> list[dict[str, Any]]:
        """Return what is found, or the first page of it."""
        found: list[dict[str, Any]] = super().search_for_instances(*arguments, get_remaining=get_remaining, **named)
        return found if get_remaining else found[:3]


def test_w11_a_slide_of_more_images_than_a_page_is_complete(tmp_path: Path) -> None:
    """Upstream takes the first page for all there is."""
    pixels = picture(192, 128)
    for step in range(1, 7):
        save_level(tmp_path, pixels[::step, ::step], spacing=0.001 * step)
    client = PagedClient(tmp_path.as_uri(), recreate_db=True, in_memory=True, readonly=True)
    (slide,) = find_slides(client)
    assert slide.num_levels == 6
