"""The certificate finds any byte that changed between the source and the object that is going to be published."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import xxhash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpegxl.recompression import recompress
from pipeline.io.publishing.certificate import certify, frame_digest, without_padding
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.storage.byte_reader import LocalBytes
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import Certificate
from pipeline.model.errors import SlidebeamError, StorageError
from pipeline.model.reasons import Route
from pipeline.model.records import WrittenInstance
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide

Staged = dict[str, tuple[Path, "NDArray[np.void]"]]


@pytest.fixture(
    scope="module",
    params=[
        None,
        TransferSyntax.HTJ2K_LOSSLESS,
        TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
        TransferSyntax.RLE_LOSSLESS,
        TransferSyntax.JPEG_XL_LOSSLESS,
        TransferSyntax.JPEG_XL_RECOMPRESSION,
    ],
)
def staged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Return written instances with their digest rows: of passing, encoded and native frames, one of them missing."""
    folder = tmp_path_factory.mktemp("staged")
    slide = build_sample_slide(folder / "s.svs", columns=400, rows=300, tile=64, associated=False, empty_tiles={4})
    _, written = stage_slide(slide, folder / "out", job="job", transfer_syntax=request.param)
    store = LocalStore(str(folder / "out"), "job")
    return {instance.instance: (Path(instance.files[0].uri), rows_of(instance, store)) for instance in written}


def rows_of(instance: WrittenInstance, store: LocalStore) -> "NDArray[np.void]":
    digests = store.staged_digests(instance.slide_id, "job", instance.instance)
    assert digests is not None
    return read_digest_rows(digests)


def changed_copy(tmp_path: Path, file: Path, place: int) -> Path:
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    copy = tmp_path / "changed.dcm"
    copy.write_bytes(data)
    return copy


def test_what_was_written_is_what_was_staged(staged: Staged) -> None:
    for file, rows in staged.values():
        assert certify(LocalBytes(str(file)), rows, Certificate.FULL) == len(rows)
        assert certify(LocalBytes(str(file)), rows, Certificate.SAMPLE) == min(len(rows), 16)


@given(place=st.floats(0, 1, exclude_max=True), frame=st.integers(0, 34))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_that_changed_is_found(staged: Staged, tmp_path: Path, place: float, frame: int) -> None:
    """In the entropy-coded bytes of a passing frame, or where a recompressed one has them; anywhere in others."""
    file, rows = staged["level-0"]
    index = FrameIndex.read(file)
    begin, length = int(index.offsets[frame]), int(rows[frame]["length"])
    stored = file.read_bytes()[begin : begin + length]
    header = stored.index(b"\xff\xda") + 14 if index.transfer_syntax == TransferSyntax.JPEG_BASELINE else 0
    if index.transfer_syntax == TransferSyntax.JPEG_XL_RECOMPRESSION:
        header = length // 2
    copy = changed_copy(tmp_path, file, begin + header + int(place * (length - header)))
    with pytest.raises(SlidebeamError):
        certify(LocalBytes(str(copy)), rows, Certificate.FULL)


@pytest.mark.parametrize("frame", [0, 34])
def test_the_sample_looks_at_the_first_and_the_last_frame(staged: Staged, tmp_path: Path, frame: int) -> None:
    file, rows = staged["level-0"]
    index = FrameIndex.read(file)
    middle = int(index.offsets[frame]) + int(rows[frame]["length"]) * 3 // 4
    with pytest.raises(StorageError, match=f"frame {frame} read back is not the frame that was staged"):
        certify(LocalBytes(str(changed_copy(tmp_path, file, middle))), rows, Certificate.SAMPLE)


def test_frames_that_changed_places_are_found(staged: Staged) -> None:
    file, rows = staged["level-0"]
    swapped = rows.copy()
    swapped[[7, 8]] = swapped[[8, 7]]
    with pytest.raises(StorageError, match="frame 7 "):
        certify(LocalBytes(str(file)), swapped, Certificate.FULL)


def test_a_file_of_another_number_of_frames_is_refused(staged: Staged) -> None:
    file, rows = staged["level-0"]
    with pytest.raises(StorageError, match="indexes 35 frames, 34 were staged"):
        certify(LocalBytes(str(file)), rows[:-1], Certificate.SAMPLE)


def test_a_file_that_was_cut_is_an_error_of_ours(staged: Staged, tmp_path: Path) -> None:
    file, rows = staged["level-0"]
    data = file.read_bytes()
    for share in range(1, 10):
        cut = tmp_path / "cut.dcm"
        cut.write_bytes(data[: len(data) * share // 10])
        with pytest.raises(SlidebeamError):
            certify(LocalBytes(str(cut)), rows, Certificate.SAMPLE)


def test_padding_is_what_follows_the_end_marker() -> None:
    assert bytes(without_padding(b"..\xff\xd9\0", TransferSyntax.JPEG_BASELINE)) == b"..\xff\xd9"
    assert bytes(without_padding(b"..\xff\xd9", TransferSyntax.JPEG_2000)) == b"..\xff\xd9"
    assert bytes(without_padding(b"...\0", TransferSyntax.JPEG_BASELINE)) == b"...\0"
    assert bytes(without_padding(b"\xff\xd9\0", TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN)) == b"\xff\xd9\0"


def test_a_recompressed_frame_has_the_digest_of_its_jpeg() -> None:
    """The one that it would have had if it had passed: of the entropy-coded bytes."""
    jpeg = bytes(imagecodecs.jpeg8_encode(np.arange(256, dtype=np.uint8).reshape(16, 16), 90))
    passed = frame_digest(jpeg, TransferSyntax.JPEG_BASELINE, Route.PASSTHROUGH)
    recompressed = recompress(jpeg)
    assert frame_digest(recompressed, TransferSyntax.JPEG_XL_RECOMPRESSION, Route.RECOMPRESSED) == passed
    assert passed == xxhash.xxh3_64_intdigest(jpeg[parse_header(jpeg).header_length :])
    assert bytes(without_padding(recompressed + b"\0", TransferSyntax.JPEG_XL_RECOMPRESSION)) == recompressed


def test_a_digest_of_what_should_be_jpeg_and_is_not() -> None:
    with pytest.raises(StorageError, match="no JPEG"):
        frame_digest(b"anything else", TransferSyntax.JPEG_BASELINE, Route.PASSTHROUGH)
    with pytest.raises(StorageError, match="no JPEG"):
        frame_digest(b"anything else", TransferSyntax.JPEG_XL_RECOMPRESSION, Route.RECOMPRESSED)
    whole = frame_digest(b"anything else", TransferSyntax.JPEG_BASELINE, Route.ENCODE)
    assert whole == xxhash.xxh3_64_intdigest(b"anything else")
