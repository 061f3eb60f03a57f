"""`verify_slide` on concatenations, sparse files and averaged levels that are not as they were written."""

import shutil
from pathlib import Path

import pydicom
import pytest

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.verification import verify_slide
from pipeline.model.config import MissingTiles
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert
from tests.sample import build_sample_slide

MISSING = {0, 5, 11, 12, 55}
LIMIT = 100_000
PLAIN = {"label": False, "overview": False, "thumbnail": False}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide whose base level lacks tiles."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=500, rows=400, tile=64, empty_tiles=MISSING)


@pytest.fixture(scope="module")
def outputs(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return series in parts: full, sparse, and averaged."""
    folder = tmp_path_factory.mktemp("outputs")
    sparse = {"missing_tiles": MissingTiles.SPARSE}
    averaged = {"regenerate_pyramid": True, "transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN}
    for name, options in {"full": {}, "sparse": sparse, "averaged": averaged}.items():
        convert(slide, folder / name, max_instance_bytes=LIMIT, **options, **PLAIN)
    convert(slide, folder / "whole", **sparse, **PLAIN)
    return {name: folder / name / "s.svs" for name in ("full", "sparse", "averaged", "whole")}


@pytest.fixture
def copied(outputs: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a copy of one of the series, without its state record."""
    return Path(shutil.copytree(outputs[request.param], tmp_path / "s.svs"))


@pytest.mark.parametrize("copied", ["full", "sparse", "averaged", "whole"], indirect=True)
def test_they_are_sound(slide: Path, copied: Path) -> None:
    report = verify_slide(copied, str(slide))
    assert report.ok, report.problems


@pytest.mark.parametrize("part", [1, 2])
@pytest.mark.parametrize("copied", ["full", "sparse"], indirect=True)
def test_a_missing_part_is_found(slide: Path, copied: Path, part: int) -> None:
    total = len(list(copied.glob("level-0-part-*.dcm")))
    (copied / f"level-0-part-{part}.dcm").unlink()
    problems = verify_slide(copied, str(slide)).problems
    assert any(f"part {part} of {total} is missing" in problem for problem in problems)
    assert any("no frame for tile" in problem and "that the slide holds" in problem for problem in problems)


@pytest.mark.parametrize("copied", ["averaged"], indirect=True)
def test_a_missing_part_of_an_averaged_level_is_found(slide: Path, copied: Path) -> None:
    """The slide does not have that level: the parts themselves tell how many they are."""
    last = max(copied.glob("level-1-part-*.dcm"))
    last.unlink()
    problems = verify_slide(copied, str(slide)).problems
    assert any(f"{copied}/level-1-part-1.dcm and the other parts" in p and "is missing" in p for p in problems)


@pytest.mark.parametrize("copied", ["full", "sparse"], indirect=True)
def test_a_doubled_part_is_found(slide: Path, copied: Path) -> None:
    shutil.copy(copied / "level-0-part-1.dcm", copied / "level-0-part-1-again.dcm")
    problems = verify_slide(copied, str(slide)).problems
    assert any("part 1 is there more than once" in problem for problem in problems)
    assert any("more than one frame for tile" in problem for problem in problems)


@pytest.mark.parametrize("copied", ["full", "sparse"], indirect=True)
def test_a_damaged_frame_of_a_part_is_found(slide: Path, copied: Path) -> None:
    file = copied / "level-0-part-2.dcm"
    index = FrameIndex.read(file)
    data = bytearray(file.read_bytes())
    data[int(index.offsets[3] + index.lengths[3]) - 40] ^= 0x10
    file.write_bytes(data)
    report = verify_slide(copied, str(slide))
    differing = {findings.file: findings.differing for findings in report.instances if findings.differing}
    assert differing == {"level-0-part-2.dcm": [3]}
    assert not report.ok


@pytest.mark.parametrize("copied", ["averaged"], indirect=True)
def test_a_damaged_frame_of_an_averaged_level_is_found(slide: Path, copied: Path) -> None:
    """Of native pixels any other value is found: a level that loses nothing shows the mean exactly."""
    file = copied / "level-1-part-1.dcm"
    index = FrameIndex.read(file)
    data = bytearray(file.read_bytes())
    begin, length = int(index.offsets[5]), int(index.lengths[5])
    data[begin : begin + length] = bytes(255 - value for value in data[begin : begin + length])
    file.write_bytes(data)
    report = verify_slide(copied, str(slide))
    differing = {findings.file: findings.differing for findings in report.instances}
    assert differing["level-1-part-1.dcm"] == [5]


def without_last_frame(file: Path) -> None:
    """Write an instance with one frame and its place less, in all else as it was."""
    dataset = pydicom.dcmread(file)
    frames = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    dataset.PixelData = pydicom.encaps.encapsulate(frames[:-1])
    dataset["PixelData"].is_undefined_length = True
    dataset.NumberOfFrames -= 1
    del dataset.PerFrameFunctionalGroupsSequence[-1]
    dataset.save_as(file)


@pytest.mark.parametrize("copied", ["whole"], indirect=True)
def test_a_sparse_file_lacks_a_frame_of_a_tile_that_the_slide_holds(slide: Path, copied: Path) -> None:
    without_last_frame(copied / "level-0.dcm")
    report = verify_slide(copied, str(slide))
    (base,) = [findings for findings in report.instances if findings.file == "level-0.dcm"]
    assert (base.frames, base.differing) == (56 - len(MISSING) - 1, [])
    assert report.problems == (f"{copied}/level-0.dcm: no frame for tile 54 that the slide holds",)


@pytest.mark.parametrize("copied", ["whole"], indirect=True)
def test_a_frame_that_says_that_it_lies_elsewhere_is_found(slide: Path, copied: Path) -> None:
    """The second frame takes the first one's place: its pixels are not that tile's, which has two frames now."""
    file = copied / "level-0.dcm"
    dataset = pydicom.dcmread(file)
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[1] = groups[0]
    dataset.save_as(file)
    report = verify_slide(copied, str(slide))
    (base,) = [findings for findings in report.instances if findings.file == "level-0.dcm"]
    assert base.differing == [1]
    assert any("more than one frame for tile 1" in problem for problem in report.problems)
    assert any("no frame for tile 2 " in problem for problem in report.problems)
