"""What the tags say: scanner, place on the slide, filters, focal planes, roles."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, ImageKind, OpticalPathFacts, SlideDescription
from tests.io.sources.ndpi.slides import ASCII, FLOAT, RATIONAL, SHORT, SLONG, Picture, level, write_ndpi
from tests.sample import draw_tissue


def picture(columns: int = 64, rows: int = 32, **options: Any) -> Picture:
    return level(draw_tissue(rows, columns), columns // 8, 20.0, **options)


def describe(tmp_path: Path, *pictures: Picture) -> SlideDescription:
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", pictures))) as source:
        return source.describe()


def test_the_scanned_slide(shared_slides: Path) -> None:
    """Fluorescence by NDP.scan 2.5."""
    with open_source(str(shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi")) as source:
        description = source.describe()
    facts = description.facts
    assert (facts.manufacturer, facts.model, facts.serial_number) == ("Hamamatsu", "C9600-12", "950291")
    assert facts.software_versions == ("NDP.scan 2.5.89",)
    assert facts.acquisition_datetime == "20170207130643"
    assert facts.objective_power == 40
    assert facts.pixel_spacing_mm == pytest.approx((10 / 43826, 10 / 43826))
    # The macro image shows this tissue 12.5 mm to the right of the slide's centre, and in the middle of its height.
    assert facts.origin_mm == pytest.approx((13.151, 25.414), abs=0.001)
    assert description.optical_paths == (
        OpticalPathFacts(
            name="DAPI 2 (387)",
            illumination=Illumination.FLUORESCENCE,
            excitation_wavelength_nm=387,
            emission_wavelength_nm=455,
        ),
    )
    assert [image.kind for image in description.images] == [ImageKind.VOLUME] * 4 + [ImageKind.OVERVIEW]
    properties = dict(description.properties)
    assert properties["tiff.Software"] == "NDP.scan 2.5.89"
    assert properties["hamamatsu.NDP.S/N"] == "950291"
    assert properties["hamamatsu.CubeName"] == "DA/FI/TR/Cy5-4X"
    assert description.warnings == (
        "directory 5 was left out: it is the map of the slide",
        "fluorescence (DAPI 2 (387)), stored as RGB by the scanner: it stays three samples of one path",
    )


def test_a_brightfield_slide(shared_slides: Path) -> None:
    with open_source(str(shared_slides / "synthetic/SYN-ndpi-z3.ndpi")) as source:
        description = source.describe()
    assert description.optical_paths == (OpticalPathFacts(),)
    assert description.warnings == ()
    assert description.facts.label_text == "SYN-REF"
    assert description.focal_plane_offsets_um == (-2.0, 0.0, 2.0)


def test_barcode_reference_and_firmware(tmp_path: Path) -> None:
    tags = {
        Tag.REFERENCE: (ASCII, "case 7 block B"),
        Tag.BARCODE + 2: (ASCII, "S26-004711"),
        Tag.FIRMWARE: (ASCII, "2.2.9"),
    }
    description = describe(tmp_path, picture(tags=tags))
    assert description.facts.label_text == "case 7 block B"
    assert description.facts.barcode == "S26-004711"
    assert description.facts.software_versions == ("NDP.scan 2.5.89", "2.2.9")
    assert ("hamamatsu.65470", "S26-004711") in description.properties


def test_wavelength_of_the_tag(tmp_path: Path) -> None:
    """Where the lines of the comments do not tell it."""
    tags = {Tag.FILTER_SET: (ASCII, "FITC"), Tag.WAVELENGTH: (FLOAT, 520.0), Tag.COMMENTS: None}
    (path,) = describe(tmp_path, picture(tags=tags)).optical_paths
    assert (path.name, path.excitation_wavelength_nm, path.emission_wavelength_nm) == ("FITC", None, 520)


@pytest.mark.parametrize("unit", [None, (SHORT, 2), (SHORT, 3), (SHORT, 1)])
def test_resolution(tmp_path: Path, unit: tuple[int, int] | None) -> None:
    """Inches, also where no unit is given; centimetres; and no unit that says nothing."""
    tags: dict[int, Any] = {
        tag: (RATIONAL, (number, 1)) for tag, number in ((Tag.X_RESOLUTION, 50800), (Tag.Y_RESOLUTION, 25400))
    }
    tags[Tag.RESOLUTION_UNIT] = unit
    facts = describe(tmp_path, picture(tags=tags)).facts
    expected = {None: (0.001, 0.0005), 2: (0.001, 0.0005), 3: (10 / 25400, 10 / 50800)}.get(unit[1] if unit else None)
    assert facts.pixel_spacing_mm == (None if expected is None else pytest.approx(expected))
    assert (facts.origin_mm is None) is (expected is None)


def test_the_centre_of_the_slide(tmp_path: Path) -> None:
    """An image in the very middle: its corner is half its size to the left and above."""
    tags: dict[int, Any] = {Tag.X_OFFSET_FROM_CENTRE: (SLONG, 0), Tag.Y_OFFSET_FROM_CENTRE: (SLONG, 0)}
    tags |= {tag: (RATIONAL, (1000, 1)) for tag in (Tag.X_RESOLUTION, Tag.Y_RESOLUTION)}
    assert describe(tmp_path, picture(64, 32, tags=tags)).facts.origin_mm == pytest.approx((12.5 + 0.16, 37.5 + 0.32))


@pytest.mark.parametrize("value", [(RATIONAL, (0, 0)), (RATIONAL, (5, 0)), (FLOAT, float("nan")), (ASCII, "x")])
def test_numbers_that_are_none(tmp_path: Path, value: tuple[int, object]) -> None:
    facts = describe(tmp_path, picture(tags={Tag.X_RESOLUTION: value})).facts
    assert facts.pixel_spacing_mm is None


def test_focal_planes_ascend(tmp_path: Path) -> None:
    """Whatever their order in the file; all levels have them."""
    zs = (3000, -1500, 0)
    pictures = [picture(128, 64, z_nm=z) for z in zs] + [picture(64, 32, z_nm=z) for z in reversed(zs)]
    description = describe(tmp_path, *pictures)
    assert description.focal_plane_offsets_um == (-1.5, 0.0, 3.0)
    assert [image.focal_planes for image in description.levels] == [3, 3]


def test_a_level_without_all_focal_planes_is_left_out(tmp_path: Path) -> None:
    pictures = [picture(128, 64, z_nm=z) for z in (0, 1000)] + [picture(64, 32)]
    description = describe(tmp_path, *pictures)
    assert len(description.levels) == 1
    assert any("64 x 32 pixels was left out: it has 1 focal planes" in warning for warning in description.warnings)


def test_two_images_of_one_plane_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"directories 0 and 1 have one size .* and one focal plane"):
        describe(tmp_path, picture(), picture())


def test_planes_that_are_stored_otherwise_are_refused(tmp_path: Path) -> None:
    other = level(draw_tissue(1024, 1024), 32, 20.0, z_nm=1000)
    with pytest.raises(SourceError, match="focal planes of level 0 are not stored alike"):
        describe(tmp_path, level(draw_tissue(1024, 1024), 128, 20.0), other)


def test_map_and_unknown_images_are_left_out(tmp_path: Path) -> None:
    others = [Picture(jpeg=b"a map", columns=9, rows=9, lens=lens) for lens in (-2.0, -3.0)]
    description = describe(tmp_path, picture(), *others)
    assert description.warnings == (
        "directory 1 was left out: it is the map of the slide",
        "directory 2 was left out: it has no role that is known",
    )


def test_there_is_one_scene(tmp_path: Path) -> None:
    path = write_ndpi(tmp_path / "s.ndpi", [picture()])
    with pytest.raises(SourceError, match="has no scene 2"):
        open_source(f"{path}#scene=2")
