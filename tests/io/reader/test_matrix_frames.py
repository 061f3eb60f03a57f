"""Where frames of a matrix come from, and what pixels they become."""

import gc
import logging
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from highdicom.color import ColorManager
from numpy.typing import NDArray
from PIL import ImageCms
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, ParametricMapStorage, SegmentationStorage

from pipeline.io.codecs import encode_frame
from pipeline.io.reader import FolderClient, TotalPixelMatrix
from pipeline.io.reader.concatenation import merge_concatenations
from pipeline.io.reader.upstream import UpstreamTotalPixelMatrix
from pipeline.model.errors import SourceError, TileError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.reader.conftest import file_client
from tests.io.reader.counting import CountingClient
from tests.io.reader.instances import EDGE, level, save_level
from tests.io.sources.dicom.instances import coded, native, per_frame, picture, tiles_of, write

ROWS, COLUMNS = 40, 57
PICTURE = picture(COLUMNS, ROWS)
FRAMES = coded(tiles_of(PICTURE), TransferSyntax.JPEG_2000_LOSSLESS)
LOSSLESS = [
    TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.HTJ2K_LOSSLESS,
    TransferSyntax.HTJ2K_LOSSLESS_RPCL,
    TransferSyntax.JPEG_LS_LOSSLESS,
    TransferSyntax.JPEG_XL_LOSSLESS,
    TransferSyntax.RLE_LOSSLESS,
]


def unsaid(folder: Path) -> CountingClient:
    """Return a client that gives frames as a server does: without a word on their transfer syntax."""
    return CountingClient(FolderClient(folder))


def read(folder: Path, data: Dataset, **options: Any) -> NDArray[Any]:
    """Read all of an instance of a folder."""
    return TotalPixelMatrix(FolderClient(folder), data, correct_color=False, **options)[:, :, :]


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("client", [FolderClient, file_client])
def test_r28_frames_are_found_by_any_table(tmp_path: Path, table: str, client: Any) -> None:
    data = level(PICTURE, PhotometricInterpretation="YBR_RCT")
    write(tmp_path / "a.dcm", data, FRAMES, syntax=TransferSyntax.JPEG_2000_LOSSLESS, table=table)
    matrix = TotalPixelMatrix(client(tmp_path), data, correct_color=False)
    assert np.array_equal(matrix[:, :, :], PICTURE)
    assert np.array_equal(matrix[20:39, 3:50, :], PICTURE[20:39, 3:50])


@pytest.mark.parametrize("client", [FolderClient, file_client])
def test_w4_frames_of_a_concatenation_are_read_from_its_parts(tmp_path: Path, client: Any) -> None:
    parts = []
    for number, (first, last) in enumerate([(0, 5), (5, 6), (6, 12)], start=1):
        part = level(PICTURE, PhotometricInterpretation="YBR_RCT", NumberOfFrames=last - first)
        part.ConcatenationUID, part.ConcatenationFrameOffsetNumber = "1.2.3.4", first
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number, 3
        write(tmp_path / f"{number}.dcm", part, FRAMES[first:last], syntax=TransferSyntax.JPEG_2000_LOSSLESS)
        parts.append(part)
    (merged,) = merge_concatenations(parts[::-1])
    opened = client(tmp_path)
    assert np.array_equal(TotalPixelMatrix(opened, merged, correct_color=False)[:, :, :], PICTURE)
    counting = CountingClient(FolderClient(tmp_path))
    assert np.array_equal(TotalPixelMatrix(counting, merged, correct_color=False)[:, :, :], PICTURE)
    assert counting.asked == [[1, 2, 3, 4, 5], [1], [1, 2, 3, 4, 5, 6]]


def test_r28_frames_in_fragments_are_joined(tmp_path: Path) -> None:
    data = level(PICTURE, PhotometricInterpretation="YBR_RCT")
    write(tmp_path / "a.dcm", data, FRAMES, syntax=TransferSyntax.JPEG_2000_LOSSLESS, fragments=3)
    assert np.array_equal(read(tmp_path, data), PICTURE)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize(("samples", "bits"), [(3, 8), (1, 8), (1, 16)])
@pytest.mark.parametrize("told", [True, False])
def test_w10_every_lossless_syntax_is_read_bit_for_bit(
    tmp_path: Path, syntax: TransferSyntax, samples: int, bits: int, told: bool
) -> None:
    pixels = picture(COLUMNS, ROWS, samples=samples, bits=bits)
    frames = [encode_frame(np.ascontiguousarray(tile), syntax) for tile in tiles_of(pixels)]
    data = level(pixels, PhotometricInterpretation=frames[0].photometric.value)
    stored = [frame.data for frame in frames]
    write(tmp_path / "a.dcm", data, stored, syntax=syntax)
    client = FolderClient(tmp_path) if told else unsaid(tmp_path)
    assert np.array_equal(TotalPixelMatrix(client, data, correct_color=False)[:, :, :], pixels)


@pytest.mark.parametrize(
    "syntax", [TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION, TransferSyntax.HTJ2K]
)
@pytest.mark.parametrize("told", [True, False])
def test_w10_lossy_syntaxes_are_read(tmp_path: Path, syntax: TransferSyntax, told: bool) -> None:
    across, down = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    pixels = np.stack([across * 4, down * 6, across + down], axis=-1).astype(np.uint8)
    frames = [
        encode_frame(np.ascontiguousarray(tile), syntax, reversible=syntax is TransferSyntax.HTJ2K)
        for tile in tiles_of(pixels)
    ]
    data = level(pixels, PhotometricInterpretation=frames[0].photometric.value)
    stored = [frame.data for frame in frames]
    write(tmp_path / "a.dcm", data, stored, syntax=syntax)
    client = FolderClient(tmp_path) if told else unsaid(tmp_path)
    region = TotalPixelMatrix(client, data, correct_color=False)[:32, :48, :]
    assert np.abs(region.astype(int) - pixels[:32, :48]).mean() < 3


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("photometric", ["RGB", "planar", "YBR_FULL", "YBR_FULL_422"])
def test_native_frames_of_every_layout(tmp_path: Path, syntax: str, photometric: str) -> None:
    flat = np.full((ROWS, COLUMNS, 3), (200, 200, 200), np.uint8)
    frames = native(tiles_of(flat))
    said = {"PhotometricInterpretation": "RGB" if photometric == "planar" else photometric}
    if photometric == "planar":
        flat = PICTURE
        frames = [np.moveaxis(tile, -1, 0).tobytes() for tile in tiles_of(PICTURE)]
        said["PlanarConfiguration"] = 1  # type: ignore[assignment]
    elif photometric == "YBR_FULL":
        frames = [np.full((EDGE, EDGE, 3), (200, 128, 128), np.uint8).tobytes()] * len(frames)
    elif photometric == "YBR_FULL_422":
        frames = [np.full((EDGE, EDGE // 2, 4), (200, 200, 128, 128), np.uint8).tobytes()] * len(frames)
    data = level(flat, **said)
    write(tmp_path / "a.dcm", data, frames, syntax=syntax)
    assert np.array_equal(read(tmp_path, data), flat)
    served = TotalPixelMatrix(unsaid(tmp_path), data, correct_color=False)
    assert np.array_equal(served[:, :, :], flat)


def test_frames_that_a_server_decoded_are_rgb(tmp_path: Path) -> None:
    data = save_level(tmp_path, PICTURE)
    data.PhotometricInterpretation = "YBR_FULL_422"
    matrix = TotalPixelMatrix(unsaid(tmp_path), data, correct_color=False)
    assert np.array_equal(matrix[:, :, :], PICTURE)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_gray_is_as_stored(tmp_path: Path, photometric: str) -> None:
    pixels = picture(COLUMNS, ROWS, samples=1)
    data = save_level(tmp_path, pixels, PhotometricInterpretation=photometric)
    assert np.array_equal(read(tmp_path, data), pixels)


def test_signed_samples_keep_their_sign(tmp_path: Path) -> None:
    signed = picture(COLUMNS, ROWS, samples=1, bits=16).astype(np.int16)
    data = level(signed.astype(np.uint16), PixelRepresentation=1)
    write(tmp_path / "a.dcm", data, native(tiles_of(signed)))
    assert TotalPixelMatrix(FolderClient(tmp_path), data).dtype == np.dtype(np.int16)
    assert np.array_equal(read(tmp_path, data), signed)


@pytest.mark.parametrize("edge", [16, 5])
def test_r14_segments_of_one_bit_are_bool(tmp_path: Path, edge: int) -> None:
    """Frames of 5 x 5 bits begin within bytes (PS3.5 8.1.1)."""
    mask = picture(20, 10, samples=1, bits=1).astype(bool)
    tiles = [tile[..., 0] for tile in tiles_of(mask, edge)]
    data = level(mask.astype(np.uint8), SOPClassUID=SegmentationStorage, Modality="SEG")
    data.BitsAllocated = data.BitsStored = 1
    data.HighBit, data.Rows, data.Columns, data.NumberOfFrames = 0, edge, edge, len(tiles)
    segment = Dataset()
    segment.SegmentNumber = 1
    data.SegmentSequence = [segment]
    bits = np.packbits(np.concatenate([tile.ravel() for tile in tiles]), bitorder="little").tobytes()
    write(tmp_path / "a.dcm", data, [bits + b"\0" * (len(bits) % 2)])
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data)
    assert matrix.dtype == np.dtype(bool)
    assert np.array_equal(matrix[:, :, :], mask)


@pytest.mark.parametrize(("keyword", "bits"), [("FloatPixelData", 32), ("DoubleFloatPixelData", 64)])
def test_floats_of_parametric_maps_are_read(tmp_path: Path, keyword: str, bits: int) -> None:
    values = np.random.default_rng(1).normal(size=(16, 32, 1)).astype(f"f{bits // 8}")
    data = level(np.zeros((16, 32, 1), np.uint8), SOPClassUID=ParametricMapStorage, BitsStored=None, HighBit=None)
    data.BitsAllocated = bits
    mapping = Dataset()
    mapping.LUTLabel = "score"
    data.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]
    places = [{"x": 0, "y": 0}, {"x": 16, "y": 0}]
    data.DimensionOrganizationType, data.PerFrameFunctionalGroupsSequence = "TILED_SPARSE", per_frame(places)
    path = write(tmp_path / "a.dcm", data, [b"\0\0"])
    file = dcmread(path)
    del file.PixelData
    setattr(file, keyword, b"".join(tile.tobytes() for tile in tiles_of(values)))
    file.NumberOfFrames = data.NumberOfFrames = 2
    file.save_as(path)
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data)
    assert matrix.dtype == values.dtype
    assert np.array_equal(matrix[:, :, :], values)


def test_r27_the_profile_is_applied_unless_told_otherwise(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    swapped = profile.tobytes().replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    data = level(PICTURE)
    data.OpticalPathSequence[0].ICCProfile = swapped
    write(tmp_path / "a.dcm", data, native(tiles_of(PICTURE)))
    client = FolderClient(tmp_path)
    expected = ColorManager(swapped).transform_frame(PICTURE)
    assert not np.array_equal(expected, PICTURE)
    matrix = TotalPixelMatrix(client, data)
    assert np.array_equal(matrix[:, :, :], expected)
    assert np.array_equal(matrix[5:30, 9:40, :], expected[5:30, 9:40])
    assert np.array_equal(matrix[0], expected[:16, :16])
    assert np.array_equal(TotalPixelMatrix(client, data, correct_color=False)[:, :, :], PICTURE)


def test_r27_without_a_profile_there_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = save_level(tmp_path, PICTURE)
    del data.OpticalPathSequence[0].ICCProfile
    with caplog.at_level(logging.WARNING):
        matrix = TotalPixelMatrix(FolderClient(tmp_path), data)
    assert "does not contain an ICC profile" in caplog.text
    assert np.array_equal(matrix[:, :, :], PICTURE)


def test_r27_a_profile_that_is_none_is_an_error(tmp_path: Path) -> None:
    data = save_level(tmp_path, PICTURE)
    data.OpticalPathSequence[0].ICCProfile = b"no profile"
    with pytest.raises(SourceError, match="correct_color=False"):
        TotalPixelMatrix(FolderClient(tmp_path), data)[0]


def test_a_frame_that_is_cut_is_an_error_that_says_which(tmp_path: Path) -> None:
    data = level(PICTURE, PhotometricInterpretation="YBR_RCT")
    damaged = [*FRAMES[:5], FRAMES[5][: len(FRAMES[5]) // 3], *FRAMES[6:]]
    write(tmp_path / "a.dcm", data, damaged, syntax=TransferSyntax.JPEG_2000_LOSSLESS)
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data, correct_color=False)
    with pytest.raises(TileError, match="Frame 6 of image"):
        matrix[:, :, :]
    assert np.array_equal(matrix[:16, :, :], PICTURE[:16])


def test_a_frame_of_no_codec_is_an_error(tmp_path: Path) -> None:
    data = level(PICTURE)
    write(tmp_path / "a.dcm", data, [b"nothing that is known "] * 12, syntax=TransferSyntax.JPEG_BASELINE)
    matrix = TotalPixelMatrix(unsaid(tmp_path), data, correct_color=False)
    with pytest.raises(TileError, match="of no codec that is known"):
        matrix[0]


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    data = save_level(tmp_path, PICTURE)
    (path,) = tmp_path.glob("*.dcm")
    os.truncate(path, path.stat().st_size - 300)
    with pytest.raises(SourceError, match="truncated"):
        read(tmp_path, data)


def test_a_file_that_was_replaced_is_read_anew_or_refused(tmp_path: Path) -> None:
    data = save_level(tmp_path, PICTURE)
    (path,) = tmp_path.glob("*.dcm")
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data, correct_color=False, max_frame_cache_size=0)
    assert np.array_equal(matrix[:, :, :], PICTURE)
    other = picture(COLUMNS, ROWS, seed=9)
    write(tmp_path / "new", data, native(tiles_of(other)))
    (tmp_path / "new").rename(path)
    assert np.array_equal(matrix[:, :, :], other)
    write(tmp_path / "new", level(other), native(tiles_of(other)))
    (tmp_path / "new").rename(path)
    with pytest.raises(SourceError, match="was replaced"):
        matrix[0]


def test_files_are_closed_when_many_are_read(tmp_path: Path) -> None:
    levels = [save_level(tmp_path, PICTURE) for _ in range(150)]
    client = FolderClient(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for data in levels:
        TotalPixelMatrix(client, data, correct_color=False)[0]
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 64


def test_frames_of_a_level_are_not_held(tmp_path: Path) -> None:
    """A level of 3 GB, all zeros and none on the disk, is read at its end."""
    frames, edge = 4000, 512
    data = level(np.zeros((16, 16, 3), np.uint8), NumberOfFrames=frames)
    data.Rows = data.Columns = edge
    data.TotalPixelMatrixRows, data.TotalPixelMatrixColumns = edge * 40, edge * 100
    path = write(tmp_path / "a.dcm", data, [b""])
    frame_bytes = edge * edge * 3
    with path.open("r+b") as file:
        length = frames * frame_bytes
        file.seek(-4, os.SEEK_END)
        file.write(length.to_bytes(4, "little"))
        file.truncate(file.tell() + length)
        file.seek(-frame_bytes, os.SEEK_END)
        file.write(b"\x07" * 3)
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data, correct_color=False)
    last = matrix[edge * 39 :, edge * 99 :, :]
    assert last[0, 0].tolist() == [7, 7, 7]
    assert int(last.sum()) == 21


@pytest.mark.parametrize("file", ["2", "5_0", "12_0"])
def test_real_frames_are_those_of_dicomslide(shared_slides: Path, file: str) -> None:
    """Of a colour overview with an ICC profile, and of fluorescence; JPEG decoders round one step apart."""
    folder = shared_slides / "dicom" / "BPAEC"
    data = dcmread(folder / file, stop_before_pixels=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = UpstreamTotalPixelMatrix(file_client(folder), data)[:500, :500, :]
    found = TotalPixelMatrix(FolderClient(folder), data)[:500, :500, :]
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 3
