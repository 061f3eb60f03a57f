"""Several optical paths and focal planes: the order of frames, what the header tells of them, and that all is there."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import open_source
from pipeline.io.validation import Severity, validate_files
from pipeline.io.verification import verify_slide
from pipeline.model.config import Certificate, CodecValidation, OpticalPaths
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert, jpeg_scan, shown, stored_frames
from tests.io.sources.ome_tiffs import COLUMNS, ROWS, TILE, gray_planes, smaller

NATIVE = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
ACROSS, DOWN = -(-COLUMNS // TILE[1]), -(-ROWS // TILE[0])


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a slide of each kind."""
    folder = tmp_path_factory.mktemp("slides")
    return {
        "even": stacks.fluorescence(folder),
        "uneven": stacks.uneven(folder),
        "signed": stacks.signed(folder),
        "jpeg": stacks.jpeg_stack(folder),
    }


@pytest.fixture(scope="module")
def combined(slides: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the series of each slide, one instance a level."""
    output = tmp_path_factory.mktemp("combined")
    checks = {"codec_validation": CodecValidation.ROUND_TRIP, "certificate": Certificate.FULL}
    convert(list(slides.values()), output, **checks)
    return {name: output / path.name for name, path in slides.items()}


@pytest.fixture(scope="module")
def separate(slides: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the series of each slide, one instance a level and channel."""
    output = tmp_path_factory.mktemp("separate")
    convert(list(slides.values()), output, optical_paths=OpticalPaths.SEPARATE)
    return {name: output / path.name for name, path in slides.items()}


def header(series: Path, name: str = "level-0") -> Dataset:
    """Read an instance without its pixels."""
    return pydicom.dcmread(series / f"{name}.dcm", stop_before_pixels=True)


def planes_of(file: Path) -> list[np.ndarray]:
    """Put planes together of TILED_FULL frames, in their order: tiles across, tiles down, planes."""
    dataset = pydicom.dcmread(file, stop_before_pixels=True)
    frames = shown(file)
    across = -(-dataset.TotalPixelMatrixColumns // dataset.Columns)
    down = -(-dataset.TotalPixelMatrixRows // dataset.Rows)
    planes = []
    for first in range(0, len(frames), across * down):
        rows = [np.concatenate(frames[first + row * across :][:across], axis=1) for row in range(down)]
        planes.append(np.concatenate(rows)[: dataset.TotalPixelMatrixRows, : dataset.TotalPixelMatrixColumns, 0])
    return planes


@pytest.mark.parametrize("level", [0, 1])
def test_frames_run_by_tile_then_focal_plane_then_optical_path(combined: dict[str, Path], level: int) -> None:
    """The order of PS3.3 C.7.6.17.3; `gray_planes` are drawn channel by channel, from glass to coverslip."""
    found = planes_of(combined["even"] / f"level-{level}.dcm")
    expected = [smaller(plane, level) for plane in gray_planes(15, "uint16")]
    assert len(found) == 15
    for plane, drawn in zip(found, expected, strict=True):
        assert np.array_equal(plane, drawn)


def test_the_header_tells_of_paths_and_focal_planes(combined: dict[str, Path]) -> None:
    dataset = header(combined["even"])
    assert (dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes) == (3, 5)
    assert dataset.NumberOfFrames == 15 * ACROSS * DOWN
    assert dataset.DimensionOrganizationType == "TILED_FULL"
    assert "PerFrameFunctionalGroupsSequence" not in dataset
    paths = [
        (
            path.OpticalPathIdentifier,
            path.OpticalPathDescription,
            path.IlluminationWaveLength,
            path.ImagePathFilterPassThroughWavelength,
            path.IlluminationTypeCodeSequence[0].CodeMeaning,
        )
        for path in dataset.OpticalPathSequence
    ]
    assert paths == [
        (str(number), name, excitation, emission, "Epifluorescence illumination")
        for number, (name, excitation, emission) in enumerate(stacks.CHANNELS)
    ]
    shared = dataset.SharedFunctionalGroupsSequence[0]
    assert "OpticalPathIdentificationSequence" not in shared
    measures = shared.PixelMeasuresSequence[0]
    assert measures.SpacingBetweenSlices == pytest.approx(stacks.STEP_UM / 1000)
    thickness_um = float(measures.SliceThickness) * 1000
    assert dataset.ImagedVolumeDepth == pytest.approx(4 * stacks.STEP_UM + thickness_um)
    pointers = [pydicom.datadict.keyword_for_tag(item.DimensionIndexPointer) for item in dataset.DimensionIndexSequence]
    assert pointers == [
        "OpticalPathIdentifier",
        "ZOffsetInSlideCoordinateSystem",
        "RowPositionInTotalImagePixelMatrix",
        "ColumnPositionInTotalImagePixelMatrix",
    ]


def test_uneven_focal_planes_are_listed_frame_by_frame(combined: dict[str, Path]) -> None:
    """TILED_FULL has one distance for all: other heights have to be told of each frame, in micrometres."""
    dataset = header(combined["uneven"])
    assert dataset.DimensionOrganizationType == "TILED_SPARSE"
    assert "SpacingBetweenSlices" not in dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    groups = dataset.PerFrameFunctionalGroupsSequence
    tiles = ACROSS * DOWN
    assert len(groups) == dataset.NumberOfFrames == 9 * tiles
    heights = [float(group.PlanePositionSlideSequence[0].ZOffsetInSlideCoordinateSystem) for group in groups]
    offsets = np.array(heights).reshape(3, 3, tiles)
    steps = np.diff(offsets[:, :, 0], axis=1)
    assert np.allclose(steps, np.diff(stacks.UNEVEN_UM))
    assert (offsets == offsets[:, :, :1]).all()
    paths = [group.OpticalPathIdentificationSequence[0].OpticalPathIdentifier for group in groups]
    assert paths == ["0"] * 3 * tiles + ["1"] * 3 * tiles + ["2"] * 3 * tiles


def test_signed_samples_say_how_they_became_unsigned(combined: dict[str, Path]) -> None:
    dataset = header(combined["signed"])
    assert dataset.PixelRepresentation == 0
    assert "32768 was added" in dataset.DerivationDescription
    for plane, drawn in zip(planes_of(combined["signed"] / "level-0.dcm"), gray_planes(2, "int16"), strict=True):
        assert np.array_equal(plane.astype(int) - 32768, drawn)


def test_jpeg_tiles_of_several_focal_planes_pass(slides: dict[str, Path], combined: dict[str, Path]) -> None:
    frames = [jpeg_scan(frame) for frame in stored_frames(combined["jpeg"] / "level-0.dcm")]
    assert header(combined["jpeg"]).file_meta.TransferSyntaxUID == TransferSyntax.JPEG_BASELINE
    with open_source(str(slides["jpeg"])) as source:
        grid = source.describe().levels[0].grid
        expected = []
        for plane in range(3):
            codec = source.tile_codec(0, plane)
            assert codec is not None
            for tile in source.read_tiles(0, 0, grid.frames, plane):
                passed = codec.pass_tile(tile)
                assert isinstance(passed, PassedTile)
                expected.append(bytes(tile[passed.start : passed.end]))
    assert len(set(expected)) == 3 * grid.frames
    assert frames == expected


def test_separate_paths_are_instances_of_their_own(separate: dict[str, Path]) -> None:
    names = [f"level-{level}-path-{path}" for level in range(2) for path in range(3)]
    assert sorted(path.stem for path in separate["even"].iterdir()) == names
    headers = [header(separate["even"], name) for name in names]
    assert sorted(dataset.InstanceNumber for dataset in headers) == list(range(1, 7))
    assert len({dataset.SOPInstanceUID for dataset in headers}) == 6
    assert len({(dataset.SeriesInstanceUID, dataset.PyramidUID) for dataset in headers}) == 1
    for dataset, name in zip(headers, names, strict=True):
        (path,) = dataset.OpticalPathSequence
        number = int(name[-1])
        assert (path.OpticalPathIdentifier, path.OpticalPathDescription) == (str(number), stacks.CHANNELS[number][0])
        shared = dataset.SharedFunctionalGroupsSequence[0].OpticalPathIdentificationSequence[0]
        assert shared.OpticalPathIdentifier == str(number)
        assert (dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes) == (1, 5)
        resampled = name.startswith("level-1")
        assert list(dataset.ImageType) == [
            "DERIVED" if resampled else "ORIGINAL",
            "PRIMARY",
            "VOLUME",
            "RESAMPLED" if resampled else "NONE",
        ]
    for path in range(3):
        found = planes_of(separate["even"] / f"level-0-path-{path}.dcm")
        for plane, drawn in zip(found, gray_planes(15, "uint16")[5 * path :][:5], strict=True):
            assert np.array_equal(plane, drawn)


def test_what_has_one_path_is_not_separated(separate: dict[str, Path], combined: dict[str, Path]) -> None:
    assert {path.name for path in separate["jpeg"].iterdir()} == {path.name for path in combined["jpeg"].iterdir()}


@pytest.mark.parametrize("arrangement", ["combined", "separate"])
@pytest.mark.parametrize("name", ["even", "uneven", "signed", "jpeg"])
def test_all_of_it_verifies_and_validates(
    slides: dict[str, Path], name: str, arrangement: str, request: pytest.FixtureRequest
) -> None:
    series = request.getfixturevalue(arrangement)[name]
    report = verify_slide(series, str(slides[name]))
    assert report.ok, report.problems
    assert report.not_compared == ()
    found = validate_files(sorted(series.iterdir()), series, name=name).findings
    assert [one for one in found if one.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", ["even", "uneven"])
def test_a_frame_in_another_plane_is_found(slides: dict[str, Path], tmp_path: Path, name: str) -> None:
    """Native frames of two planes change places: each frame is sound, and none is where it should be."""
    convert(slides[name], tmp_path, transfer_syntax=NATIVE, levels=(0,))
    file = tmp_path / slides[name].name / "level-0.dcm"
    data, dataset = bytearray(file.read_bytes()), header(file.parent)
    size, tiles = dataset.Rows * dataset.Columns * 2, ACROSS * DOWN
    begin = len(data) - size * int(dataset.NumberOfFrames)
    one, other = begin + size * 2, begin + size * (2 + tiles)
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]
    file.write_bytes(data)
    report = verify_slide(file.parent, str(slides[name]))
    assert report.instances[0].differing == [2, 2 + tiles]


def test_a_frame_at_another_height_is_found(slides: dict[str, Path], tmp_path: Path) -> None:
    convert(slides["uneven"], tmp_path, levels=(0,))
    file = tmp_path / slides["uneven"].name / "level-0.dcm"
    data = file.read_bytes()
    height = header(file.parent).PerFrameFunctionalGroupsSequence[-1].PlanePositionSlideSequence[0]
    micrometres = float(height.ZOffsetInSlideCoordinateSystem)
    at = data.rindex(b"%-16.9f" % micrometres)
    file.write_bytes(data[:at] + b"%-16.9f" % (micrometres + 1) + data[at + 16 :])
    report = verify_slide(file.parent, str(slides["uneven"]))
    assert any("micrometres high" in problem for problem in report.problems)
