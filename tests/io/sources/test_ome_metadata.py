"""What OME-XML tells: scale, channels, focal planes, instrument, places; and what becomes of XML that cannot be."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.io.sources.ome_tiff.units import micrometres
from pipeline.io.sources.stage import slide_origins_mm
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, ImageKind, OpticalPathFacts, SlideDescription
from tests.io.sources.damage import read_all
from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, rgb_planes, smaller, write_ome_tiff

CHANNELS = (
    '<Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1" Color="65535" ExcitationWavelength="405" '
    'EmissionWavelength="0.461" EmissionWavelengthUnit="µm" AcquisitionMode="WideField"/>'
    '<Channel ID="Channel:0:1" Name="CD8" SamplesPerPixel="1" Color="-16776961">'
    '<LightSourceSettings ID="LightSource:0" Wavelength="561"/></Channel>'
    '<Channel ID="Channel:0:2" Name="light" SamplesPerPixel="1" IlluminationType="Transmitted"/>'
    '<Channel ID="Channel:0:3" Fluor="Cy5" SamplesPerPixel="1" ContrastMethod="Phase"/>'
)
INSTRUMENT = (
    '<Instrument ID="Instrument:0"><Microscope Manufacturer="Zeiss" Model="Axioscan 7" SerialNumber="4711"/>'
    '<Objective ID="Objective:0" NominalMagnification="10"/><Objective ID="Objective:1" NominalMagnification="20.0"/>'
    "</Instrument>"
)
BESIDE = (
    "<AcquisitionDate>2023-04-05T06:07:08.250+02:00</AcquisitionDate>"
    '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:1"/>'
)


def described(path: Path, xml: str, planes: int = 1, rgb: bool = False) -> SlideDescription:
    """Write a file of as many planes, and return what is made of it."""
    write_ome_tiff(path / "s.ome.tif", xml, rgb_planes(planes) if rgb else gray_planes(planes))
    with open_source(str(path / "s.ome.tif")) as source:
        return source.describe()


def refusal(path: Path, xml: str, planes: int = 1) -> str:
    """Write a file of as many planes, and return why it is refused: in one line, with its name."""
    error = read_all(write_ome_tiff(path / "s.ome.tif", xml, gray_planes(planes)))
    assert isinstance(error, SourceError)
    assert "s.ome.tif" in str(error)
    assert "\n" not in str(error)
    return str(error)


def test_channels_are_optical_paths_in_the_order_of_the_xml(tmp_path: Path) -> None:
    """A colour is a signed integer of red, green, blue and alpha."""
    paths = described(tmp_path, ome_xml(ome_image(counts=(4, 1, 1), inside=CHANNELS)), 4).optical_paths
    assert paths == (
        OpticalPathFacts(
            name="DAPI",
            illumination=Illumination.FLUORESCENCE,
            excitation_wavelength_nm=405,
            emission_wavelength_nm=461,
            colour=(0, 0, 255),
        ),
        OpticalPathFacts(
            name="CD8", illumination=Illumination.FLUORESCENCE, excitation_wavelength_nm=561, colour=(255, 0, 0)
        ),
        OpticalPathFacts(name="light", illumination=Illumination.BRIGHTFIELD),
        OpticalPathFacts(name="Cy5", illumination=Illumination.PHASE_CONTRAST),
    )


@pytest.mark.parametrize(
    ("told", "illumination"),
    [
        ("", Illumination.FLUORESCENCE),
        ('ContrastMethod="Brightfield"', Illumination.BRIGHTFIELD),
        ('ContrastMethod="DIC" IlluminationType="Transmitted"', Illumination.DIFFERENTIAL_INTERFERENCE_CONTRAST),
        ('ContrastMethod="Darkfield"', Illumination.DARKFIELD),
        ('AcquisitionMode="BrightField"', Illumination.BRIGHTFIELD),
        ('IlluminationType="Epifluorescence"', Illumination.FLUORESCENCE),
        ('IlluminationType="Oblique"', Illumination.OBLIQUE),
    ],
)
def test_illumination(tmp_path: Path, told: str, illumination: Illumination) -> None:
    xml = ome_xml(ome_image(counts=(2, 1, 1), inside=f'<Channel ID="Channel:0" {told}/>'))
    paths = described(tmp_path, xml, 2).optical_paths
    assert [path.illumination for path in paths] == [illumination, Illumination.FLUORESCENCE]


@pytest.mark.parametrize(
    ("told", "illumination"),
    [
        ("", Illumination.BRIGHTFIELD),
        ('EmissionWavelength="520"', Illumination.FLUORESCENCE),
        ('Color="16711935"', Illumination.FLUORESCENCE),
        ('Color="-1"', Illumination.BRIGHTFIELD),
    ],
)
def test_one_channel_of_gray(tmp_path: Path, told: str, illumination: Illumination) -> None:
    """It is fluorescence where a wavelength or a colour says so."""
    xml = ome_xml(ome_image(inside=f'<Channel ID="Channel:0" {told}/>'))
    assert described(tmp_path, xml).optical_paths[0].illumination is illumination


def test_rgb_is_one_path_of_brightfield(tmp_path: Path) -> None:
    """Whether the XML counts its samples, has a Channel or has none."""
    for inside in ("", '<Channel ID="C" SamplesPerPixel="3"/>', '<TiffData IFD="0" PlaneCount="3"/>'):
        description = described(tmp_path, ome_xml(ome_image(counts=(3, 1, 1), inside=inside)), 1, rgb=True)
        assert description.levels[0].samples == 3
        assert description.optical_paths == (OpticalPathFacts(),)


def test_instrument_date_and_scale(tmp_path: Path) -> None:
    attributes = 'PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="0.0005" PhysicalSizeYUnit="mm"'
    description = described(tmp_path, ome_xml(ome_image(attributes=attributes, beside=BESIDE), beside=INSTRUMENT))
    facts = description.facts
    assert facts.pixel_spacing_mm == pytest.approx((0.0005, 0.00025))
    assert (facts.manufacturer, facts.model, facts.serial_number) == ("Zeiss", "Axioscan 7", "4711")
    assert (facts.objective_power, facts.software_versions) == (20.0, ("test 1.0",))
    assert facts.acquisition_datetime == "20230405060708+0200"
    assert ("ome.OME.Instrument.Microscope.SerialNumber", "4711") in description.properties


def test_sizes_in_pixels_are_no_scale(tmp_path: Path) -> None:
    attributes = 'PhysicalSizeX="1" PhysicalSizeXUnit="pixel" PhysicalSizeY="1" PhysicalSizeYUnit="pixel"'
    assert described(tmp_path, ome_xml(ome_image(attributes=attributes))).facts.pixel_spacing_mm is None


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1.5", None, 1.5),
        ("1.5", "µm", 1.5),
        ("1.5", "\u03bcm", 1.5),
        ("2", "mm", 2000),
        ("2", "nm", 0.002),
        ("1", "in", 25400),
        ("1", "pt", 25400 / 72),
        ("3", "Å", 3e-4),
        ("1", "pixel", None),
        ("1", "reference frame", None),
        ("1", "ly", None),
        ("nan", "µm", None),
        ("inf", "µm", None),
        ("1e308", "Ym", None),
        ("wide", "µm", None),
        (None, "µm", None),
    ],
)
def test_units(value: str | None, unit: str | None, expected: float | None) -> None:
    length = micrometres(value, unit, "µm")
    assert length == (expected if expected is None else pytest.approx(expected))


def positions(heights: list[float], unit: str = "µm") -> str:
    """Return Plane elements with these PositionZ."""
    return "".join(
        f'<Plane TheC="0" TheZ="{z}" TheT="0" PositionZ="{height}" PositionZUnit="{unit}"/>'
        for z, height in enumerate(heights)
    )


def test_focal_planes_ascend_by_the_positions_of_the_stage(tmp_path: Path) -> None:
    """Also where they are uneven, and where the scanner went down."""
    xml = ome_xml(ome_image(counts=(1, 3, 1), inside=positions([105.5, 101, 100])))
    drawn = gray_planes(3)
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, drawn)
    with open_source(str(path)) as source:
        assert source.describe().focal_plane_offsets_um == (0.0, 1.0, 5.5)
        for plane, z in enumerate((2, 1, 0)):
            assert (source.read_region(0, 0, 0, 110, 74, plane)[..., 0] == drawn[z]).all()


@pytest.mark.parametrize(
    ("attributes", "inside", "offsets", "warned"),
    [
        ('PhysicalSizeZ="1.5"', "", (0.0, 1.5, 3.0), False),
        ('PhysicalSizeZ="1.5"', positions([5, 5, 6]), (0.0, 1.5, 3.0), False),
        ('PhysicalSizeZ="0.5" PhysicalSizeZUnit="mm"', positions([1, 2, 3], "reference frame"), (0, 500, 1000), False),
        ("", "", (0.0, 1.0, 2.0), True),
    ],
)
def test_focal_planes_without_positions(
    tmp_path: Path, attributes: str, inside: str, offsets: tuple[float, ...], warned: bool
) -> None:
    description = described(tmp_path, ome_xml(ome_image(counts=(1, 3, 1), attributes=attributes, inside=inside)), 3)
    assert description.focal_plane_offsets_um == pytest.approx(offsets)
    assert bool(description.warnings) is warned


def scenes_at(places: list[tuple[float, float]]) -> str:
    """Return a document of images whose stage was at these places, in mm."""
    return ome_xml(
        *(
            ome_image(
                name=f"region {i}",
                inside=f'<TiffData IFD="{i}"/><Plane TheC="0" TheZ="0" TheT="0" PositionX="{x}" PositionXUnit="mm" '
                f'PositionY="{y}" PositionYUnit="mm"/>',
            )
            for i, (x, y) in enumerate(places)
        )
    )


def test_scenes_share_the_coordinates_of_the_stage(tmp_path: Path) -> None:
    path = write_ome_tiff(tmp_path / "s.ome.tif", scenes_at([(30, 5), (42.5, 11)]), gray_planes(2))
    origins = []
    for scene in (1, 2):
        with open_source(f"{path}#scene={scene}") as source:
            assert source.describe().shared_coordinates
            origins.append(source.describe().facts.origin_mm)
    assert origins == [(20.0, 45.0), (14.0, 32.5)]


def test_places_that_are_on_no_slide() -> None:
    """What lies between two images holds; where one alone is, nobody knows."""
    assert slide_origins_mm([(1000, -50)]) == [None]
    first, second = slide_origins_mm([(1000, -50), (1010, -48)])
    assert first is not None
    assert second is not None
    assert (first[0] - second[0], first[1] - second[1]) == (2, 10)
    assert slide_origins_mm([(1, 1), None]) == [None, None]
    assert slide_origins_mm([None]) == [None]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("label", ImageKind.LABEL),
        ("Label image", ImageKind.LABEL),
        ("slide.svs [macro]", ImageKind.OVERVIEW),
        ("Series_2_overview", ImageKind.OVERVIEW),
        ("thumbnail 1", ImageKind.THUMBNAIL),
        ("label-free imaging", None),
        ("macrophages", None),
        ("", None),
    ],
)
def test_images_are_known_by_their_names(tmp_path: Path, name: str, kind: ImageKind | None) -> None:
    xml = ome_xml(
        ome_image(name="tissue", inside='<TiffData IFD="0"/>'), ome_image(name=name, inside='<TiffData IFD="1"/>')
    )
    description = described(tmp_path, xml, 2)
    assert [image.kind for image in description.images] == [ImageKind.VOLUME, *([kind] if kind else [])]
    assert bool(description.scenes) is (kind is None)


def test_a_label_that_cannot_be_read_is_left_out_with_a_warning(tmp_path: Path) -> None:
    xml = ome_xml(
        ome_image(inside='<TiffData IFD="0"/>'), ome_image(name="label", inside='<TiffData IFD="9"/>', size=(3, 3))
    )
    description = described(tmp_path, xml)
    assert len(description.images) == 1
    assert "the label 'label' was left out" in description.warnings[0]


def test_directories_that_the_xml_does_not_name(tmp_path: Path) -> None:
    """They are told; those of the base's shape are levels."""
    drawn = gray_planes(1)[0]
    xml = ome_xml(ome_image(inside='<TiffData IFD="0"/>'))
    path = write_ome_tiff(tmp_path / "s.ome.tif", xml, [drawn, smaller(drawn, 1), drawn[:20, :20].copy()])
    with open_source(str(path)) as source:
        assert len(source.describe().levels) == 2
        assert "20 x 20" in source.describe().warnings[0]


def test_planes_in_other_files_are_refused_with_their_names(tmp_path: Path) -> None:
    blocks = (
        '<TiffData FirstC="0" IFD="0"><UUID FileName="s.ome.tif">urn:uuid:1</UUID></TiffData>'
        '<TiffData FirstC="1" IFD="0"><UUID FileName="channel2.ome.tif">urn:uuid:2</UUID></TiffData>'
    )
    image = ome_image(counts=(2, 1, 1), inside=blocks)
    for attributes in ("", 'UUID="urn:uuid:1"'):
        assert "planes are in channel2.ome.tif" in refusal(tmp_path, ome_xml(image, attributes=attributes))
    assert "'all.companion.ome'" in refusal(
        tmp_path, ome_xml(beside='<BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:3"/>')
    )


@pytest.mark.parametrize(
    ("image", "planes", "message"),
    [
        (ome_image(counts=(5, 1, 1)), 2, "tells of 5 planes (C 5, Z 1, T 1), but the file holds 2 directories"),
        (ome_image(counts=(1, 2**40, 1)), 1, "focal planes"),
        (ome_image(counts=(1, 1, 2**50)), 1, "time points"),
        (ome_image(counts=(2**52, 1, 1)), 1, "planes"),
        (ome_image(counts=(1, 10**30, 1)), 1, "no whole number"),
        (ome_image(counts=(0, 1, 1)), 1, "cannot be"),
        (ome_image(counts=(1, -1, 1)), 1, "cannot be"),
        (ome_image(sizes="CZ"), 1, "DimensionOrder 'XYCZ'"),
        (ome_image(size=(111, 74)), 1, "tells of 111 x 74 pixels, but directory 0"),
        (ome_image(inside='<TiffData IFD="1"/>'), 1, "from 1"),
        (ome_image(inside='<TiffData FirstC="3"/>'), 1, "TiffData"),
        (ome_image(inside='<TiffData PlaneCount="-7" FirstT="1"/>'), 1, "TiffData"),
        (ome_image(counts=(2, 1, 1), inside='<TiffData IFD="0"/>'), 2, "no directory holds the plane C 1, Z 0, T 0"),
        (
            ome_image(counts=(2, 1, 1), inside='<TiffData IFD="0"/><TiffData FirstC="1" IFD="0"/>'),
            2,
            "two planes into one directory",
        ),
        (ome_image(counts=(3, 1, 1), inside='<Channel ID="C" SamplesPerPixel="3"/>'), 3, "SamplesPerPixel 3"),
        ('<Image ID="Image:0"/>', 1, "has no Pixels"),
        ("", 1, "describes no image"),
        ("<Image", 1, "no readable XML"),
    ],
)
def test_xml_that_contradicts_the_directories(tmp_path: Path, image: str, planes: int, message: str) -> None:
    assert message in refusal(tmp_path, ome_xml(image), planes)


def test_a_document_without_its_end_is_damaged_and_not_plain_tiff(tmp_path: Path) -> None:
    assert "no readable XML" in refusal(tmp_path, ome_xml(ome_image())[:-20])


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    xml = ome_xml(ome_image(name="&b;")).replace("?>", f"?>{bomb}", 1)
    assert "document type" in refusal(tmp_path, xml)


def test_a_document_of_very_many_elements_is_refused(tmp_path: Path) -> None:
    assert "too large" in refusal(tmp_path, ome_xml(ome_image(inside="<a/>" * 900_000)))


def test_deep_nesting_is_no_crash(tmp_path: Path) -> None:
    xml = ome_xml(ome_image(), beside="<a>" * 50_000 + "</a>" * 50_000)
    assert described(tmp_path, xml).levels


@given(
    place=st.floats(0, 1),
    change=st.sampled_from(["", "<", ">", '"', "-1", "999999999999", "&#0;", "<TiffData/>", "\u20ac"]),
    cut=st.integers(0, 30),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_xml_is_an_error_of_ours_or_a_slide(tmp_path: Path, place: float, change: str, cut: int) -> None:
    xml = ome_xml(ome_image(counts=(4, 1, 1), inside=CHANNELS + positions([1]), beside=BESIDE), beside=INSTRUMENT)
    at = int(place * (len(xml) - 10))
    damaged = xml[:at] + change + xml[at + cut : -6] + "</OME>"
    path = write_ome_tiff(tmp_path / "s.ome.tif", damaged, gray_planes(4))
    error = read_all(path)
    assert error is None or ("s.ome.tif" in str(error) and "\n" not in str(error))
