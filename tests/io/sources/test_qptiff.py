"""Akoya QPTIFF, built from the published description of the format: no file of a scanner is at hand.

One directory a channel and level with PerkinElmer-QPI-ImageDescription in each, `PerkinElmer-QPI` in Software.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.io.sources.contract import SlideSource
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, Illumination, ImageKind, OpticalPathFacts, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.io.sources.ome_tiffs import COLUMNS, ROWS, Samples, gray_planes, rgb_planes, shaped, smaller

LEVELS = 3
NAMES = ("DAPI", "Opal 520", "Opal 690")
COLOURS = ("0,0,255", "0,255,0", "255,0,0")
PROFILE = (
    "<ScanProfile><root><Mode>im_Fluorescence</Mode><ScanResolution><PixelSizeMicrons>0.496</PixelSizeMicrons>"
    "<Magnification>20</Magnification><ObjectiveName>20x</ObjectiveName></ScanResolution></root></ScanProfile>"
)


def qpi(image_type: str, inside: str = "") -> str:
    """Return a directory's document; it says utf-16 as the scanners' do, and is not."""
    return (
        '<?xml version="1.0" encoding="utf-16"?>\n<PerkinElmer-QPI-ImageDescription>'
        f"<DescriptionVersion>2</DescriptionVersion><AcquisitionSoftware>VectraScan 1.0.8</AcquisitionSoftware>"
        f"<ImageType>{image_type}</ImageType><SlideID>S-17</SlideID><Barcode>B42</Barcode>"
        f"<Objective>40x</Objective><InstrumentType>Vectra Polaris</InstrumentType>{inside}"
        "</PerkinElmer-QPI-ImageDescription>"
    )


def channel(number: int) -> str:
    """Return what a directory says of its channel."""
    return (
        f"<Name>{NAMES[number]}</Name><Color>{COLOURS[number]}</Color><ExposureTime>50</ExposureTime>"
        "<ExcitationFilter><Bands><Band><Active>true</Active><Cuton>465</Cuton><Cutoff>495</Cutoff></Band></Bands>"
        "</ExcitationFilter>"
    )


Directory = tuple[Samples, str | None]


def halved(plane: Samples, level: int) -> Samples:
    """Return a plane of a lower level, its odd last row and column left out as scanners do."""
    return np.ascontiguousarray(smaller(plane, level)[: ROWS >> level, : COLUMNS >> level])


def fluorescence(planes: Sequence[Samples], inside: str = "") -> list[Directory]:
    """Return the directories of a fluorescence scan: base, thumbnail, lower levels, overview and label."""
    picture = rgb_planes(1)[0]
    lower = [
        (halved(plane, level), qpi("ReducedResolution", channel(i) + inside))
        for level in range(1, LEVELS)
        for i, plane in enumerate(planes)
    ]
    return [
        *((plane, qpi("FullResolution", channel(i) + inside)) for i, plane in enumerate(planes)),
        (picture[:20, :30].copy(), qpi("Thumbnail")),
        *lower,
        (picture[:30, :50].copy(), qpi("Overview")),
        (picture[:25, :25].copy(), qpi("Label")),
    ]


def write_qptiff(path: Path, directories: Sequence[Directory], **options: Any) -> Path:
    """Write directories in their order."""
    with tifffile.TiffWriter(path) as tiff:
        for pixels, description in directories:
            given: dict[str, Any] = {"photometric": "minisblack" if pixels.ndim == 2 else "rgb", "tile": (32, 48)}
            given |= {"metadata": None, "software": "PerkinElmer-QPI", "compression": "lzw"} | options
            tiff.write(pixels, description=description, datetime="2021:02:03 04:05:06", **given)
    return path


class TestFluorescence(SlideSourceContract):
    """Three channels in three levels, with thumbnail, overview and label."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write 12 directories."""
        directories = fluorescence(gray_planes(len(NAMES)), PROFILE)
        return write_qptiff(tmp_path_factory.mktemp("qptiff") / "s.qptiff", directories)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask for the first plane."""
        return self.expected_plane(slide, image, 0)

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Ask tifffile for levels, and for the others by their place in the file."""
        with tifffile.TiffFile(slide) as tiff:
            if image.level is not None:
                return shaped(tiff.series[0].levels[image.level].asarray()[plane])
            place = {ImageKind.THUMBNAIL: 3, ImageKind.OVERVIEW: 10, ImageKind.LABEL: 11}[image.kind]
            pixels: Pixels = tiff.pages[place].asarray()
            return pixels

    def test_what_is_told(self, source: SlideSource) -> None:
        """Channels in the file's order, with their names, colours and filters; scale, objective, barcode, date."""
        description = source.describe()
        assert (description.format, description.warnings) == ("qptiff", ())
        assert [image.kind.value for image in description.images] == [
            *["VOLUME"] * 3,
            *("THUMBNAIL", "OVERVIEW", "LABEL"),
        ]
        assert description.optical_paths[1] == OpticalPathFacts(
            name="Opal 520",
            illumination=Illumination.FLUORESCENCE,
            excitation_wavelength_nm=480,
            colour=(0, 255, 0),
        )
        assert [path.name for path in description.optical_paths] == list(NAMES)
        facts = description.facts
        assert facts.pixel_spacing_mm == pytest.approx((0.000496, 0.000496))
        assert (facts.objective_power, facts.barcode, facts.model) == (20.0, "B42", "Vectra Polaris")
        assert (facts.acquisition_datetime, facts.background) == ("20210203040506", (0,))
        assert ("qpi.PerkinElmer-QPI-ImageDescription.SlideID", "S-17") in description.properties


class TestBrightfield(SlideSourceContract):
    """RGB as JPEG in two levels; the lower one has no document, as newer software leaves it out."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write two directories."""
        (picture,) = rgb_planes(1)
        directories = [(picture, qpi("FullResolution")), (smaller(picture, 1), None)]
        path = tmp_path_factory.mktemp("qptiff") / "s.qptiff"
        options = {"compression": "jpeg", "resolution": (20000, 20000), "resolutionunit": "CENTIMETER"}
        return write_qptiff(path, directories, **options)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile."""
        with tifffile.TiffFile(slide) as tiff:
            pixels: Pixels = tiff.pages[image.index].asarray()
            return pixels

    def test_what_is_told(self, source: SlideSource) -> None:
        """One path of white light; the resolution tags beat the scan profile."""
        description = source.describe()
        assert description.optical_paths == (OpticalPathFacts(),)
        assert description.facts.pixel_spacing_mm == pytest.approx((0.0005, 0.0005))
        assert description.facts.objective_power == 40
        assert description.levels[0].compression is Compression.JPEG
        assert all(level.lossless_frames for level in description.levels)


def test_channels_of_a_shared_scan_profile(tmp_path: Path) -> None:
    """Scans that repeat one document name their channels in ScanBands, in the order of the directories."""
    bands = "".join(
        f"<ScanBands-i><Name>{name}</Name><HomeWavelength>{wavelength}</HomeWavelength>"
        f"<ExcitationWavelength>{wavelength - 20}</ExcitationWavelength><Color>{colour}</Color></ScanBands-i>"
        for name, wavelength, colour in zip(NAMES, (460, 520, 690), COLOURS, strict=True)
    )
    shared = qpi("FullResolution", f"<ScanProfile><root><ScanBands>{bands}</ScanBands></root></ScanProfile>")
    path = write_qptiff(tmp_path / "s.qptiff", [(plane, shared) for plane in gray_planes(3)])
    with open_source(str(path)) as source:
        paths = source.describe().optical_paths
    assert [path.name for path in paths] == list(NAMES)
    assert [path.emission_wavelength_nm for path in paths] == [460, 520, 690]
    assert [path.excitation_wavelength_nm for path in paths] == [440, 500, 670]
    assert [path.colour for path in paths] == [(0, 0, 255), (0, 255, 0), (255, 0, 0)]


def test_the_biomarker_is_the_name(tmp_path: Path) -> None:
    documents = [
        qpi("FullResolution", f"<Name>ATTO 550</Name><Biomarker>{name}</Biomarker>") for name in ("CD4", "CD8")
    ]
    path = write_qptiff(tmp_path / "s.qptiff", list(zip(gray_planes(2), documents, strict=True)))
    with open_source(str(path)) as source:
        assert [path.name for path in source.describe().optical_paths] == ["CD4", "CD8"]


def refusal(path: Path, directories: Sequence[Directory]) -> str:
    """Return why a file is refused: in one line, with its name."""
    error = read_all(write_qptiff(path / "s.qptiff", directories))
    assert isinstance(error, SourceError)
    assert "s.qptiff" in str(error)
    assert "\n" not in str(error)
    return str(error)


def test_levels_that_contradict_the_base(tmp_path: Path) -> None:
    planes = gray_planes(3)
    whole = fluorescence(planes)
    swapped = [*whole[:4], whole[5], whole[4], *whole[6:]]
    assert "channels in different orders" in refusal(tmp_path, swapped)
    assert "no level can be made of them" in refusal(tmp_path, [*whole[:4], *whole[5:]])
    assert "do not say what they show" in refusal(tmp_path, [*whole[:2], (planes[2], None), *whole[3:]])
    assert "no directory of the QPTIFF is called FullResolution" in refusal(tmp_path, whole[3:])
    assert "no readable XML" in refusal(tmp_path, [(planes[0], qpi("FullResolution", "<Name>"))])


def test_types_that_are_not_known_are_told(tmp_path: Path) -> None:
    planes = gray_planes(1)
    path = write_qptiff(
        tmp_path / "s.qptiff", [(planes[0], qpi("FullResolution")), (planes[0][:9, :9].copy(), qpi("Map"))]
    )
    with open_source(str(path)) as source:
        assert source.describe().warnings == ("directory 1, of the type 'Map', was left out",)
        assert np.array_equal(source.read_region(0, 0, 0, 110, 74), shaped(planes[0]))
