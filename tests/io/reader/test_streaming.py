"""Frames on demand of what the converter writes: DICOM files of one frame each, rows T1 to T7."""

import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import FileDataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian
from wsidicom import WsiDicom

from pipeline.io.codecs import decode_frame
from pipeline.io.reader.streaming import SlideStreamingReader, open_frames
from pipeline.io.sources import open_source
from pipeline.io.validation.validate import validate_path
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, stored_frames

LEVEL = "level-1.dcm"


@pytest.fixture(scope="module")
def folder(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample slide as DICOM: three levels in JPEG, 130, 12 and one frame, and label, overview, thumbnail."""
    output = tmp_path_factory.mktemp("streamed")
    convert(sample_slide, output)
    return output / sample_slide.name


def single(data: bytes) -> FileDataset:
    """Return a frame's file as pydicom reads it."""
    return pydicom.dcmread(BytesIO(data))


def pixels_of(dataset: FileDataset) -> Pixels:
    """Decode the only frame of a file, (rows, columns, samples)."""
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    return decode_frame(
        frame,
        transfer_syntax=TransferSyntax(dataset.file_meta.TransferSyntaxUID),
        columns=dataset.Columns,
        rows=dataset.Rows,
        samples=dataset.SamplesPerPixel,
        bits=dataset.BitsAllocated,
        photometric=dataset.PhotometricInterpretation,
    )


def test_t1_a_frame_is_a_file_of_its_own_with_the_pixels_of_the_source(folder: Path) -> None:
    source = pydicom.dcmread(folder / LEVEL)
    with SlideStreamingReader(folder / LEVEL) as reader:
        for frame in range(reader.get_frame_count()):
            found = single(reader.get_dicom_for_frame(frame))
            assert found.NumberOfFrames == 1
            assert (found.Rows, found.Columns) == (source.Rows, source.Columns)
            assert np.array_equal(found.pixel_array, source.pixel_array[frame])


def test_t1_a_folder_has_levels_by_size_and_images_by_name(folder: Path) -> None:
    counts = {}
    for level in (0, 1, 2, -1, "label", "overview", "thumbnail"):
        with SlideStreamingReader(folder, level=level) as reader:
            counts[level] = reader.get_frame_count()
    assert counts == {
        0: 130,
        1: 12,
        2: 1,
        -1: 1,
        "label": 1,
        "overview": counts["overview"],
        "thumbnail": counts["thumbnail"],
    }
    with SlideStreamingReader(folder) as largest, SlideStreamingReader(folder / LEVEL) as own:
        assert (largest.get_frame_count(), own.get_frame_count()) == (130, 12)
    with SlideStreamingReader(folder / LEVEL, level=0) as named:
        assert named.get_frame_count() == 130


def test_t1_images_that_are_not_there_are_errors(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexError, match=r"Slide does not have level 3\."):
        SlideStreamingReader(folder, level=3)
    with pytest.raises(ConfigError, match="label, overview, thumbnail"):
        SlideStreamingReader(folder, level="macro")
    with pytest.raises(SourceError, match=r"nowhere\.dcm"):
        SlideStreamingReader(tmp_path / "nowhere.dcm")
    (tmp_path / "text.dcm").write_text("no DICOM")
    with pytest.raises(SourceError, match="is no readable DICOM"):
        SlideStreamingReader(tmp_path / "text.dcm")


def test_t2_stored_bytes_and_transfer_syntax_are_those_of_the_source(folder: Path) -> None:
    source = pydicom.dcmread(folder / LEVEL, stop_before_pixels=True)
    with SlideStreamingReader(folder / LEVEL) as reader:
        found = [single(reader.get_dicom_for_frame(frame)) for frame in range(reader.get_frame_count())]
    assert {one.file_meta.TransferSyntaxUID for one in found} == {source.file_meta.TransferSyntaxUID}
    frames = [next(generate_frames(one.PixelData, number_of_frames=1)) for one in found]
    assert [frame[:-1] if frame.endswith(b"\xff\xd9\0") else frame for frame in frames] == stored_frames(folder / LEVEL)


def test_t3_uncompressed_by_call_and_by_constructor(folder: Path) -> None:
    with SlideStreamingReader(folder, 1) as reader, SlideStreamingReader(folder, 1, force_uncompressed=True) as forced:
        by_call = reader.get_dicom_for_frame(5, force_uncompressed=True)
        assert by_call == forced.get_dicom_for_frame(5)
        stored = single(reader.get_dicom_for_frame(5))
        assert forced.get_metadata()["transfer_syntax"] == ExplicitVRLittleEndian
    found = single(by_call)
    assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (found.PhotometricInterpretation, found.PlanarConfiguration) == ("RGB", 0)
    assert len(found.PixelData) == 240 * 240 * 3
    assert np.array_equal(found.pixel_array, pixels_of(stored))
    assert found.SOPInstanceUID != stored.SOPInstanceUID


def test_t4_frames_beyond_the_level_are_index_errors(folder: Path) -> None:
    with SlideStreamingReader(folder, level=1) as reader:
        for index in (-1, 12):
            with pytest.raises(IndexError, match=rf"^Frame index {index} out of range \[0, 12\)$"):
                reader.get_dicom_for_frame(index)


def test_t5_uids_are_new_lasting_and_lead_back_to_the_source(folder: Path) -> None:
    source = pydicom.dcmread(folder / LEVEL, stop_before_pixels=True)
    with SlideStreamingReader(folder / LEVEL) as reader:
        first = [reader.get_dicom_for_frame(frame) for frame in range(12)]
        reader.clear_cache()
        assert [reader.get_dicom_for_frame(frame) for frame in range(12)] == first
    with SlideStreamingReader(folder, level=1) as again:
        assert again.get_dicom_for_frame(7) == first[7]
    found = [single(data) for data in first]
    assert len({one.SOPInstanceUID for one in found} | {source.SOPInstanceUID}) == 13
    for number, one in enumerate(found, start=1):
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID"):
            assert one[keyword].value == source[keyword].value
        (image,) = one.SourceImageSequence
        assert (image.ReferencedSOPInstanceUID, image.ReferencedFrameNumber) == (source.SOPInstanceUID, number)
        (extraction,) = one.FrameExtractionSequence
        assert extraction.MultiFrameSourceSOPInstanceUID == source.SOPInstanceUID
        assert extraction.SimpleFrameList == number


def test_t5_the_uid_of_a_frame_does_not_depend_on_the_process() -> None:
    from pipeline.io.reader.streaming.frame_instance import frame_uid

    assert frame_uid("1.2.3", 4, uncompressed=False) == "2.25.206643426835115403388359942082780590822"


def test_t6_places_are_kept_and_written_out(folder: Path) -> None:
    source = pydicom.dcmread(folder / LEVEL, stop_before_pixels=True)
    with SlideStreamingReader(folder / LEVEL) as reader:
        for frame in range(12):
            found = single(reader.get_dicom_for_frame(frame))
            assert found.DimensionOrganizationType == "TILED_SPARSE"
            for keyword in ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "SharedFunctionalGroupsSequence"):
                assert found[keyword].value == source[keyword].value
            (groups,) = found.PerFrameFunctionalGroupsSequence
            (place,) = groups.PlanePositionSlideSequence
            down, across = divmod(frame, 4)
            assert place.ColumnPositionInTotalImagePixelMatrix == across * 240 + 1
            assert place.RowPositionInTotalImagePixelMatrix == down * 240 + 1
            spacing = float(source.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
            origin = source.TotalPixelMatrixOriginSequence[0]
            # Rows and columns run towards the origin of the slide: -Y and -X.
            x = float(origin.XOffsetInSlideCoordinateSystem) - down * 240 * spacing
            y = float(origin.YOffsetInSlideCoordinateSystem) - across * 240 * spacing
            assert float(place.XOffsetInSlideCoordinateSystem) == pytest.approx(x, abs=1e-9)
            assert float(place.YOffsetInSlideCoordinateSystem) == pytest.approx(y, abs=1e-9)
            (content,) = groups.FrameContentSequence
            assert list(content.DimensionIndexValues) == [down + 1, across + 1]


def test_t6_all_frames_together_are_the_level_again(folder: Path, tmp_path: Path) -> None:
    with SlideStreamingReader(folder, level=1) as reader:
        for frame in range(reader.get_frame_count()):
            (tmp_path / f"{frame}.dcm").write_bytes(reader.get_dicom_for_frame(frame))
    level, whole = open_source(str(tmp_path)), open_source(str(folder))
    assert np.array_equal(level.read_region(0, 0, 0, 725, 575), whole.read_region(1, 0, 0, 725, 575))
    level.close()
    whole.close()


def test_t6_wsidicom_finds_a_frame_where_it_was(folder: Path, tmp_path: Path) -> None:
    with WsiDicom.open(folder) as slide, SlideStreamingReader(folder, level=1) as reader:
        level = next(one for one in slide.pyramids[0] if one.size.width == 725)
        for frame in (0, 5, 11):
            alone = tmp_path / f"{frame}.dcm"
            alone.write_bytes(reader.get_dicom_for_frame(frame))
            down, across = divmod(frame, 4)
            size = min(240, 725 - across * 240), min(240, 575 - down * 240)
            with WsiDicom.open(alone) as opened:
                found = opened.read_region((across * 240, down * 240), 0, size)
            expected = slide.read_region((across * 240, down * 240), level.level, size)
            assert np.array_equal(np.asarray(found), np.asarray(expected))


def test_t7_metadata_and_cache_have_the_keys_of_dicube(folder: Path) -> None:
    with SlideStreamingReader(folder, level=1, chunk_size=3, cache_size=4) as reader:
        metadata = reader.get_metadata()
        assert set(metadata) == {
            "frame_count",
            "pixel_header",
            "has_dicom_meta",
            "has_space",
            "transfer_syntax",
            "file_type",
            "cache_stats",
        }
        assert (metadata["frame_count"], metadata["transfer_syntax"]) == (12, TransferSyntax.JPEG_BASELINE)
        assert (metadata["file_type"], metadata["has_space"]) == ("VOLUME", True)
        assert metadata["pixel_header"]["TotalPixelMatrixColumns"] == 725
        before = time.time()
        for frame in range(6):
            reader.get_dicom_for_frame(frame)
        stats = reader.get_cache_stats()
        assert before <= stats.pop("last_access") <= time.time()
        assert stats == {"cached_frames": 4, "loading_frames": 0, "cache_size_limit": 4, "chunk_size": 3}
        kept = reader.get_dicom_for_frame(5)
        assert reader.get_dicom_for_frame(5) is kept
        reader.clear_cache()
        assert reader.get_cache_stats()["cached_frames"] == 0
        assert reader.get_dicom_for_frame(5) == kept


def test_t7_after_close_every_call_is_a_value_error(folder: Path) -> None:
    reader = open_frames(folder)
    reader.close()
    reader.close()
    for call in (
        lambda: reader.get_dicom_for_frame(0),
        reader.get_frame_count,
        reader.get_metadata,
        reader.get_cache_stats,
        reader.clear_cache,
    ):
        with pytest.raises(ValueError, match="is closed"):
            call()


@pytest.mark.parametrize("uncompressed", [False, True])
def test_frames_are_valid_by_our_rules_and_by_dciodvfy(
    folder: Path, tmp_path: Path, dciodvfy: Path, uncompressed: bool
) -> None:
    for level in (0, "label", "overview"):
        with SlideStreamingReader(folder, level) as reader:
            file = tmp_path / f"{level}.dcm"
            file.write_bytes(reader.get_dicom_for_frame(reader.get_frame_count() - 1, uncompressed))
        report = validate_path(file)
        assert [str(finding) for finding in report.findings] == []
