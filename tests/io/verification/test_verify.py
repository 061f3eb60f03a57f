"""`verify_slide` finds what is wrong with a published series from the files alone."""

import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.verification import verify_slide
from pipeline.io.verification.findings import InstanceFindings, VerificationReport
from pipeline.model.errors import SourceError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

TILES = 35
"""Of level 0: 7 x 5."""


def build(folder: Path, encoding: TileEncoding = TileEncoding.JPEG_RGB, **options: Any) -> Path:
    return build_sample_slide(folder / "s.svs", columns=400, rows=300, tile=64, encoding=encoding, **options)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide with a tile missing."""
    return build(tmp_path_factory.mktemp("slide"), empty_tiles={9})


@pytest.fixture(scope="module")
def outputs(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return published series: passing frames, lossless ones, lossy ones."""
    folder = tmp_path_factory.mktemp("outputs")
    options: dict[str, dict[str, Any]] = {
        "passed": {},
        "lossless": {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS},
        "native": {"transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN},
        "lossy": {"transfer_syntax": TransferSyntax.JPEG_BASELINE, "force_transcode": True},
        "retiled": {"tile_size": 100},
        "recompressed": {"transfer_syntax": TransferSyntax.JPEG_XL_RECOMPRESSION},
    }
    for name, values in options.items():
        convert(slide, folder / name, **values)
    return {name: folder / name / "s.svs" for name in options}


@pytest.fixture
def passed(outputs: dict[str, Path], tmp_path: Path) -> Path:
    """Return a copy of the series whose frames passed."""
    return Path(shutil.copytree(outputs["passed"], tmp_path / "series"))


def level(report: VerificationReport, name: str = "level-0.dcm") -> InstanceFindings:
    return next(findings for findings in report.instances if findings.file == name)


def frame_at(file: Path, frame: int) -> tuple[int, int]:
    """Return where a frame begins, and how long it is."""
    index = FrameIndex.read(file)
    return int(index.offsets[frame]), int(index.lengths[frame])


def offset_entry(file: Path, frame: int) -> int:
    """Return where a frame's entry of the Basic Offset Table is: the table ends where the first item begins."""
    index = FrameIndex.read(file)
    return int(index.offsets[0]) - 8 - 4 * (index.frames - frame)


def overwrite(file: Path, place: int, data: bytes) -> None:
    with file.open("r+b") as stream:
        stream.seek(place)
        stream.write(data)


def flip(file: Path, place: int) -> None:
    data = file.read_bytes()
    overwrite(file, place, bytes([data[place] ^ 0x10]))


def test_frames_that_passed_are_identical(slide: Path, outputs: dict[str, Path]) -> None:
    report = verify_slide(outputs["passed"], str(slide))
    assert report.ok
    base = level(report)
    assert (base.frames, base.identical, base.background, base.differing) == (TILES, TILES - 1, 1, [])
    assert {findings.file for findings in report.instances} == {path.name for path in outputs["passed"].iterdir()}
    assert (report.not_compared, report.recorded) == ((), True)


def test_recompressed_frames_give_the_jpeg_back(slide: Path, outputs: dict[str, Path]) -> None:
    """The source's tile with its tables merged in comes back byte for byte: frames count as identical."""
    report = verify_slide(outputs["recompressed"], str(slide))
    assert report.ok
    base = level(report)
    assert (base.frames, base.identical, base.background, base.differing) == (TILES, TILES - 1, 1, [])
    assert (base.similar, base.equal_pixels) == (0, 0)


@pytest.mark.parametrize("frame", [0, 17, TILES - 1])
def test_a_flipped_byte_of_a_recompressed_frame_is_found(
    slide: Path, outputs: dict[str, Path], tmp_path: Path, frame: int
) -> None:
    """Anywhere from the box that brings the JPEG back: in its markers, its tables, its coefficients."""
    for share in (0.25, 0.5, 0.75):
        series = Path(shutil.copytree(outputs["recompressed"], tmp_path / str(share)))
        file = series / "level-0.dcm"
        begin, length = frame_at(file, frame)
        flip(file, begin + int(length * share))
        report = verify_slide(series, str(slide))
        assert level(report).differing == [frame]


@pytest.mark.parametrize("name", ["lossless", "native", "retiled"])
def test_frames_that_were_encoded_losslessly_have_equal_pixels(
    slide: Path, outputs: dict[str, Path], name: str
) -> None:
    report = verify_slide(outputs[name], str(slide), threads=2)
    assert report.ok
    base = level(report)
    assert base.equal_pixels + base.background == base.frames
    assert (base.identical, base.similar, base.psnr_db) == (0, 0, None)


def test_lossy_frames_are_similar(slide: Path, outputs: dict[str, Path]) -> None:
    report = verify_slide(outputs["lossy"], str(slide))
    assert report.ok
    base = level(report)
    assert base.similar == TILES - 1
    assert base.psnr_db is not None
    assert 20 < base.psnr_db < 60


@pytest.mark.parametrize("frame", [0, 17, TILES - 1])
def test_a_flipped_byte_of_a_passing_frame_is_found(slide: Path, passed: Path, frame: int) -> None:
    file = passed / "level-0.dcm"
    begin, length = frame_at(file, frame)
    flip(file, begin + length * 3 // 4)
    report = verify_slide(passed, str(slide))
    assert not report.ok
    assert level(report).differing == [frame]
    assert level(report, "level-1.dcm").ok


def test_damage_in_front_of_the_entropy_coded_bytes_is_found(slide: Path, passed: Path) -> None:
    """A quantisation step of a frame's own table: the scan is the source's, the pixels are not."""
    file = passed / "level-0.dcm"
    begin, length = frame_at(file, 17)
    table = file.read_bytes().index(b"\xff\xdb", begin, begin + length)
    flip(file, table + 5)
    report = verify_slide(passed, str(slide))
    assert level(report).differing == [17]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # OpenJPH, of a broken codestream
@pytest.mark.parametrize("name", ["lossless", "native"])
def test_a_flipped_byte_of_an_encoded_frame_is_found(
    slide: Path, outputs: dict[str, Path], tmp_path: Path, name: str
) -> None:
    series = Path(shutil.copytree(outputs[name], tmp_path / "series"))
    begin, length = frame_at(series / "level-0.dcm", 12)
    flip(series / "level-0.dcm", begin + length * 3 // 4)
    report = verify_slide(series, str(slide))
    assert not report.ok
    assert level(report).differing == [12]


def test_frames_that_changed_places_are_found(slide: Path, passed: Path) -> None:
    """By their entries of the offset table: every byte is there, at the wrong place of the slide."""
    file = passed / "level-0.dcm"
    data, places = file.read_bytes(), [frame_at(file, frame) for frame in (3, 4)]
    items = [data[begin - 8 : begin + length] for begin, length in places]
    overwrite(file, places[0][0] - 8, items[1] + items[0])
    entry = offset_entry(file, 4)
    moved = int.from_bytes(data[entry - 4 : entry], "little") + len(items[1])
    overwrite(file, entry, moved.to_bytes(4, "little"))
    report = verify_slide(passed, str(slide))
    assert not report.ok
    assert level(report).differing == [3, 4]


@pytest.mark.parametrize(("name", "number"), [("level-0.dcm", 1), ("level-1.dcm", 2), ("label.dcm", 5)])
def test_a_file_that_is_missing_is_found(slide: Path, passed: Path, name: str, number: int) -> None:
    (passed / name).unlink()
    report = verify_slide(passed, str(slide))
    assert not report.ok
    assert report.problems == (
        f"{passed} has no readable file of instance {number}, of 6 or more that were written; "
        "convert the slide again with --force",
    )


def test_levels_that_were_not_asked_for_are_not_missed(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, levels=(0, 2))
    report = verify_slide(tmp_path / "s.svs", str(slide))
    assert level(report).ok
    assert level(report, "level-2.dcm").ok
    assert report.ok
    assert report.not_compared == ("level 1",)


def test_images_without_a_file_are_listed_where_nothing_tells_that_they_were_written(slide: Path, passed: Path) -> None:
    (passed / "overview.dcm").unlink()  # the last instance: no number is missing
    report = verify_slide(passed, str(slide))
    assert report.ok
    assert (report.not_compared, report.recorded) == (("overview",), False)


@pytest.mark.parametrize("name", ["passed", "lossless", "native", "lossy"])
def test_associated_images_are_compared(slide: Path, outputs: dict[str, Path], name: str) -> None:
    report = verify_slide(outputs[name], str(slide))
    for kind in ("label", "overview", "thumbnail"):
        findings = level(report, f"{kind}.dcm")
        lossy = name in ("passed", "lossy")
        assert (findings.similar, findings.equal_pixels) == ((1, 0) if lossy else (0, 1))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # OpenJPH, of a broken codestream
@pytest.mark.parametrize("kind", ["label", "overview", "thumbnail"])
@pytest.mark.parametrize("name", ["passed", "lossless", "native"])
def test_damage_of_associated_images_is_found(
    slide: Path, outputs: dict[str, Path], tmp_path: Path, name: str, kind: str
) -> None:
    series = Path(shutil.copytree(outputs[name], tmp_path / "series"))
    begin, length = frame_at(series / f"{kind}.dcm", 0)
    overwrite(series / f"{kind}.dcm", begin + length // 4, bytes(min(4000, length // 2)))
    report = verify_slide(series, str(slide))
    assert not report.ok
    assert [findings.file for findings in report.instances if not findings.ok] == [f"{kind}.dcm"]


def test_an_associated_image_that_the_slide_does_not_have_is_found(slide: Path, passed: Path, tmp_path: Path) -> None:
    bare = build(tmp_path, empty_tiles={9}, associated=False)
    report = verify_slide(passed, str(bare))
    assert not report.ok
    for kind in ("label", "overview", "thumbnail"):
        assert any(f"the slide has no {kind} at all" in problem for problem in report.problems)


@pytest.fixture
def recorded(outputs: dict[str, Path], tmp_path: Path) -> Path:
    """Return a copy of the series whose frames passed, with its state record beside it."""
    return Path(shutil.copytree(outputs["passed"].parent, tmp_path / "out")) / "s.svs"


@pytest.mark.parametrize("name", ["level-1.dcm", "overview.dcm"])
def test_a_file_that_the_state_record_names_is_missed(slide: Path, recorded: Path, name: str) -> None:
    assert verify_slide(recorded, str(slide)).ok
    (recorded / name).unlink()
    report = verify_slide(recorded, str(slide))
    assert report.problems == (f"{recorded}/{name} was written and is missing; convert the slide again with --force",)


def test_files_that_are_not_those_of_the_state_record_are_found(
    slide: Path, recorded: Path, outputs: dict[str, Path]
) -> None:
    shutil.copy(outputs["lossy"] / "level-0.dcm", recorded / "level-0.dcm")
    with (recorded / "level-1.dcm").open("ab") as file:
        file.write(bytes(2))
    header = pydicom.dcmread(recorded / "label.dcm", stop_before_pixels=True)
    uid = header.SOPInstanceUID.encode()
    other = uid[:-1] + (b"1" if uid[-1:] != b"1" else b"2")
    data = (recorded / "label.dcm").read_bytes()
    (recorded / "label.dcm").write_bytes(data.replace(uid, other))
    shutil.copy(recorded / "level-2.dcm", recorded / "more.dcm")
    problems = verify_slide(recorded, str(slide)).problems
    assert len(problems) == 5
    for name, fault in {
        "level-0.dcm": "were written; convert",
        "level-1.dcm": f" bytes, {(recorded / 'level-1.dcm').stat().st_size - 2:,} were written; convert",
        "label.dcm": f"is instance {other.decode()}, {uid.decode()} was written; convert",
        "level-2.dcm, more.dcm: more than one frame for tile 0": "",
        "more.dcm": "is none of the files that were written; remove it",
    }.items():
        assert any(f"{recorded}/{name}" in problem and fault in problem for problem in problems)


@pytest.mark.parametrize("text", [b"{}", b"\xff\xfe"])
def test_a_damaged_state_record_is_found(slide: Path, recorded: Path, text: bytes) -> None:
    (recorded.parent / "_state" / "s.svs.json").write_bytes(text)
    report = verify_slide(recorded, str(slide))
    assert len(report.problems) == 1
    assert "state record" in report.problems[0]
    assert level(report).ok


def test_background_is_of_one_colour(slide: Path, outputs: dict[str, Path], tmp_path: Path) -> None:
    """Frame 9 has no tile in the slide: any colour may have been asked for, and a picture is wrong."""
    series = Path(shutil.copytree(outputs["native"], tmp_path / "series"))
    begin, length = frame_at(series / "level-0.dcm", 9)
    for first, wrong in ((bytes([200]), []), (bytes([202]), []), (bytes([203]), [9]), (bytes(64 * 3), [9])):
        overwrite(series / "level-0.dcm", begin, bytes([200]) * length)
        overwrite(series / "level-0.dcm", begin, first)
        assert level(verify_slide(series, str(slide))).differing == wrong


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("PhotometricInterpretation", "YBR_FULX_422", "'YBR_FULX_422' is not a valid Photometric"),
        ("TransferSyntaxUID", "1.2.840.10008.1.2.4.99", "is not a valid TransferSyntax"),
        ("TransferSyntaxUID", "1.2.840.10008.1.2.1.99", "is not a valid TransferSyntax"),
        ("TransferSyntaxUID", "1.2.3", "'1.2.3' is not a valid TransferSyntax"),
        ("Rows", 0, "sizes of at least one pixel"),
        ("SamplesPerPixel", 1, "1 samples a pixel"),
        ("BitsAllocated", 12, "12 bits a sample"),
        ("NumberOfFrames", 2_000_000_000, "2000000000 frames"),
        ("NumberOfFrames", -1, "-1 frames"),
    ],
)
def test_values_that_are_never_written_are_problems(
    slide: Path, passed: Path, keyword: str, value: Any, reason: str
) -> None:
    dataset = pydicom.dcmread(passed / "level-1.dcm")
    setattr(dataset.file_meta if keyword == "TransferSyntaxUID" else dataset, keyword, value)
    with (passed / "level-1.dcm").open("wb") as file:
        file.write(bytes(128) + b"DICM")
        pydicom.filewriter.write_file_meta_info(file, dataset.file_meta)
        plain = pydicom.filebase.DicomFileLike(file)
        plain.is_little_endian, plain.is_implicit_VR = True, False
        pydicom.filewriter.write_dataset(plain, dataset)
    report = verify_slide(passed, str(slide))
    assert any("level-1.dcm" in problem and reason in problem for problem in report.problems)
    assert level(report).ok


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 0.99])
def test_a_file_that_was_cut_is_found(slide: Path, passed: Path, share: float) -> None:
    file = passed / "level-0.dcm"
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.truncate(int(size * share))
    report = verify_slide(passed, str(slide))
    assert not report.ok
    assert any("level-0.dcm" in problem for problem in report.problems)


@pytest.mark.parametrize("offset", [2, 2**32 - 2])
def test_an_offset_that_points_elsewhere_is_found(slide: Path, passed: Path, offset: int) -> None:
    file = passed / "level-0.dcm"
    overwrite(file, offset_entry(file, 5), offset.to_bytes(4, "little"))
    report = verify_slide(passed, str(slide))
    assert not report.ok
    assert level(report, "level-1.dcm").ok


def test_a_series_of_another_slide_differs(outputs: dict[str, Path], tmp_path: Path) -> None:
    other = build(tmp_path, TileEncoding.JPEG_YCBCR_420)
    report = verify_slide(outputs["passed"], str(other))
    assert not report.ok
    smaller = build_sample_slide(tmp_path / "small.svs", columns=300, rows=300, tile=64)
    report = verify_slide(outputs["passed"], str(smaller))
    assert any("the slide has no level of that size" in problem for problem in report.problems)


def test_what_is_no_series_is_refused(slide: Path, tmp_path: Path) -> None:
    for folder in (tmp_path / "not-there", tmp_path):
        with pytest.raises(SourceError, match="holds no DICOM files"):
            verify_slide(folder, str(slide))
    (tmp_path / "x.dcm").write_bytes(b"no DICOM")
    assert not verify_slide(tmp_path, str(slide)).ok
    with pytest.raises(SourceError, match="does not exist"):
        verify_slide(tmp_path, str(tmp_path / "gone.svs"))
