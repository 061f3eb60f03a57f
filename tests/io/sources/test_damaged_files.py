"""Whatever a file holds, what comes of it is a slide or an error of ours: no other error, no hang, no gigabytes."""

import resource
import struct
import zlib
from pathlib import Path

import imagecodecs
import pytest
import tifffile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.model.errors import MetadataMissing, SlidebeamError, SourceError, TileError
from tests.io.sources.damage import ASCII, BYTE, FLOAT, LONG, SHORT, flip_bytes, read_all, set_big_tag, set_tag
from tests.io.sources.tiffs import TiffForm, draw_image, write_pyramid, write_tiff
from tests.sample import build_sample_slide

fuzzed = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
FLIPS = st.lists(st.tuples(st.integers(0, 1023), st.integers(1, 255)), min_size=1, max_size=6)
LARGE = 2**31
EDITS = {
    "ImageWidth of 2^31": (256, {"value": struct.pack("<I", LARGE), "dtype": LONG}),
    "ImageWidth of 2^32-1": (256, {"value": struct.pack("<I", 2**32 - 1), "dtype": LONG}),
    "ImageWidth of 0": (256, {"value": b""}),
    "ImageLength of 2^31": (257, {"value": struct.pack("<I", LARGE), "dtype": LONG}),
    "ImageLength of 0": (257, {"value": b""}),
    "TileWidth of 1": (322, {"value": struct.pack("<I", 1), "dtype": LONG}),
    "TileWidth of 0": (322, {"value": b""}),
    "TileWidth of 2^31": (322, {"value": struct.pack("<I", LARGE), "dtype": LONG}),
    "TileLength of 0": (323, {"value": b""}),
    "TileLength of 2^31": (323, {"value": struct.pack("<I", LARGE), "dtype": LONG}),
    "SamplesPerPixel of 5": (277, {"value": struct.pack("<H", 5)}),
    "SamplesPerPixel of 2": (277, {"value": struct.pack("<H", 2)}),
    "SamplesPerPixel of 0": (277, {"value": b""}),
    "SamplesPerPixel of 65535": (277, {"value": struct.pack("<H", 65535)}),
    "BitsPerSample of 12": (258, {"value": struct.pack("<H", 12), "count": 1}),
    "BitsPerSample of 32": (258, {"value": struct.pack("<H", 32), "count": 1}),
    "BitsPerSample of 0": (258, {"value": b"", "count": 1}),
    "BitsPerSample of 8 and 16": (258, {"value": struct.pack("<HH", 8, 16), "count": 2}),
    "BitsPerSample float": (258, {"value": struct.pack("<f", 8.5), "dtype": FLOAT, "count": 1}),
    "Compression 52479": (259, {"value": struct.pack("<H", 52479)}),
    "Compression 6, old JPEG": (259, {"value": struct.pack("<H", 6)}),
    "Compression 0": (259, {"value": b""}),
    "Compression 34892, lossy DNG": (259, {"value": struct.pack("<H", 34892)}),
    "Compression of text": (259, {"value": b"JPG", "dtype": ASCII, "count": 4}),
    "Photometric 5, CMYK": (262, {"value": struct.pack("<H", 5)}),
    "Photometric 3, palette": (262, {"value": struct.pack("<H", 3)}),
    "Photometric 65535": (262, {"value": struct.pack("<H", 65535)}),
    "Planar 7": (284, {"value": struct.pack("<H", 7)}),
    "Offsets far outside": (324, {"value": struct.pack("<I", 2**32 - 16)}),
    "Counts of another number than offsets": (325, {"count": 2}),
    "No counts": (325, {"count": 0}),
    "Offsets of 2^31 tiles": (324, {"count": LARGE}),
    "Counts of text": (325, {"dtype": ASCII}),
    "Counts of bytes": (325, {"dtype": BYTE}),
    "Counts of floats": (325, {"dtype": FLOAT}),
    "Description of shorts": (270, {"dtype": SHORT}),
    "Description of 2^31 bytes": (270, {"count": LARGE}),
}
HARMLESS = {"BitsPerSample float", "Planar 7", "Compression 34892, lossy DNG"}
"""tifffile makes 8 of 8.5 and 1 of 7, and knows that compression: JPEG."""


@pytest.fixture(scope="module")
def svs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SVS of JPEG tiles whose directories stand first."""
    path = tmp_path_factory.mktemp("svs") / "s.svs"
    return build_sample_slide(path, columns=300, rows=200, tile=64, associated=False)


@pytest.fixture(scope="module")
def small_svs(svs_file: Path) -> bytes:
    """Return its bytes."""
    return svs_file.read_bytes()


@pytest.fixture(scope="module")
def tiff_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a plain LZW pyramid with a profile and a description."""
    form = TiffForm(compression="lzw")
    path = tmp_path_factory.mktemp("tiff") / "p.tif"
    images = [draw_image(form), draw_image(form, 50, 35)]
    tags = {"description": "a plain slide", "iccprofile": bytes(200), "resolution": (20000, 20000)}
    return write_pyramid(path, form, images, resolutionunit="CENTIMETER", **tags)


@pytest.fixture(scope="module")
def small_tiff(tiff_file: Path) -> bytes:
    """Return its bytes."""
    return tiff_file.read_bytes()


def outcome(tmp_path: Path, data: bytes, name: str) -> SlidebeamError | None:
    path = tmp_path / name
    path.write_bytes(data)
    return read_all(path)


def test_the_undamaged_files_are_read(tmp_path: Path, small_svs: bytes, small_tiff: bytes) -> None:
    assert outcome(tmp_path, small_svs, "s.svs") is None
    assert outcome(tmp_path, small_tiff, "p.tif") is None


@pytest.mark.parametrize("what", EDITS)
def test_tags_that_cannot_be(tmp_path: Path, small_svs: bytes, small_tiff: bytes, what: str) -> None:
    code, edit = EDITS[what]
    harmless = code == 270 or what in HARMLESS
    for data, name in ((small_svs, "s.svs"), (small_tiff, "p.tif")):
        error = outcome(tmp_path, set_tag(data, code, **edit), name)
        assert harmless or isinstance(error, SourceError | TileError), name
        assert error is None or name in str(error)


def test_tables_of_garbage(tmp_path: Path, small_svs: bytes) -> None:
    begin = small_svs.index(b"\xff\xd8\xff\xdb")
    for garbage in (b"\0" * 40, b"\xff" * 40, b"\xff\xd8\xff\xdb\xff\xff", b"\xff\xd8\xff\xd9"):
        data = small_svs[:begin] + garbage + small_svs[begin + len(garbage) :]
        assert isinstance(outcome(tmp_path, data, "s.svs"), SourceError | TileError)


@pytest.mark.parametrize("dtype", [SHORT, LONG, ASCII, FLOAT])
def test_a_profile_that_is_none(tmp_path: Path, small_tiff: bytes, dtype: int) -> None:
    for value, count in ((None, None), (struct.pack("<I", LARGE), 1), (b"\xff\xff\xff\xff", 1)):
        error = outcome(tmp_path, set_tag(small_tiff, 34675, value=value, dtype=dtype, count=count), "p.tif")
        assert error is None or isinstance(error, SourceError)


@pytest.mark.parametrize(
    ("offset", "length"), [(2**64 - 100, 400), (2**63 + 5, 100), (2**64 - 1, 2**64 - 1), (16, 2**63), (16, 2**64 - 16)]
)
def test_an_index_that_points_beyond_the_numbers_that_there_are(tmp_path: Path, offset: int, length: int) -> None:
    """In BigTIFF, offset and length of a tile may add up to more than 64 bits."""
    form = TiffForm(compression="jpeg-ycbcr-444", container="big")
    data = write_tiff(tmp_path / "one.tif", form, draw_image(form, 48, 32)).read_bytes()
    damaged = set_big_tag(set_big_tag(data, 324, offset), 325, length)
    error = outcome(tmp_path, damaged, "p.tif")
    assert isinstance(error, SourceError)
    assert "tile 0 ends behind the end of the file" in str(error)


@pytest.mark.parametrize("share", [i / 24 for i in range(24)])
def test_a_file_that_was_cut(tmp_path: Path, small_svs: bytes, small_tiff: bytes, share: float) -> None:
    for data, name in ((small_svs, "s.svs"), (small_tiff, "p.tif")):
        error = outcome(tmp_path, data[: int(len(data) * share)], name)
        assert isinstance(error, SourceError)
        assert name in str(error)


@pytest.mark.parametrize("container", ["classic", "big", "big-endian"])
def test_values_of_tags_that_were_cut_off(tmp_path: Path, container: str) -> None:
    """Behind the pixels, as some programs write them: tifffile goes on as if there were no such tag."""
    form = TiffForm(compression="none", container=container)
    path = write_tiff(tmp_path / "p.tif", form, draw_image(form))
    sound = path.read_bytes()
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages.first.tags["XResolution"].overwrite((20000, 1))
        tiff.pages.first.tags["Software"].overwrite("a text that does not fit in the place of the one before it")
    data = path.read_bytes()
    assert len(data) > len(sound)
    assert read_all(path) is None
    error = outcome(tmp_path, data[:-5], "p.tif")
    assert isinstance(error, SourceError)
    assert "directory 0: the value of tag 305 ends at byte" in str(error)


@pytest.mark.parametrize("length", [1, 2, 4, 7, 8, 9, 10, 14, 15, 20, 100, 200])
def test_a_file_that_was_cut_in_its_header(tmp_path: Path, small_svs: bytes, length: int) -> None:
    assert isinstance(outcome(tmp_path, small_svs[:length], "s.svs"), SourceError)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"this is a text and no slide\n" * 100,
        b"II*\0",
        b"II*\0\x08\0\0\0",
        b"II*\0\0\0\0\0",
        b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
        b"MM\0*\xff\xff\xff\xff",
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        bytes(128) + b"DICM" + bytes(100),
        bytes(100_000),
    ],
)
def test_what_is_no_slide(tmp_path: Path, data: bytes) -> None:
    for name in ("s.svs", "s.tif", "s.ndpi", "s.mrxs", "s.dcm"):
        error = outcome(tmp_path, data, name)
        assert isinstance(error, SourceError)
        assert name in str(error)


def test_a_directory_chain_that_bites_its_tail(tmp_path: Path, small_tiff: bytes) -> None:
    directory = struct.unpack_from("<I", small_tiff, 4)[0]
    entries = struct.unpack_from("<H", small_tiff, directory)[0]
    looped = bytearray(small_tiff)
    struct.pack_into("<I", looped, directory + 2 + 12 * entries, directory)
    error = outcome(tmp_path, bytes(looped), "p.tif")
    assert isinstance(error, SourceError)
    assert "one that came before" in str(error)


def test_folders_and_paths_without_a_slide(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("no slide")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "texts", "dangling", "missing.svs"):
        error = read_all(tmp_path / name)
        assert isinstance(error, SourceError), name
        assert name in str(error)


def test_shared_corrupt_files(shared_slides: Path) -> None:
    files = sorted((shared_slides / "corrupt").iterdir())
    assert files
    for path in files:
        error = read_all(path)
        assert isinstance(error, SourceError | TileError), path.name
        assert path.name in str(error)
        assert "\n" not in str(error)


@given(changes=FLIPS)
@fuzzed
@pytest.mark.timeout(120)
def test_flipped_bytes_in_an_svs(tmp_path: Path, svs_file: Path, changes: list[tuple[int, int]]) -> None:
    outcome(tmp_path, flip_bytes(svs_file.read_bytes(), changes), "s.svs")


@given(changes=FLIPS)
@fuzzed
@pytest.mark.timeout(120)
def test_flipped_bytes_in_a_tiff(tmp_path: Path, tiff_file: Path, changes: list[tuple[int, int]]) -> None:
    outcome(tmp_path, flip_bytes(tiff_file.read_bytes(), changes), "p.tif")


@given(data=st.binary(max_size=400))
@example(data=b"")
@fuzzed
def test_random_bytes_behind_a_tiff_header(tmp_path: Path, data: bytes) -> None:
    error = outcome(tmp_path, b"II*\0\x08\0\0\0" + data, "p.tif")
    assert isinstance(error, SourceError | MetadataMissing | TileError)


@given(changes=st.lists(st.tuples(st.integers(0, 1 << 22), st.integers(1, 255)), min_size=1, max_size=6))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.timeout(120)
def test_flipped_bytes_in_what_openslide_reads(
    tmp_path: Path, shared_slides: Path, changes: list[tuple[int, int]]
) -> None:
    data = (shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi").read_bytes()
    outcome(tmp_path, flip_bytes(data, changes), "s.ndpi")
    outcome(tmp_path, flip_bytes(data, [(-1 - place % 8192, bits) for place, bits in changes]), "s.ndpi")


@pytest.mark.parametrize("compression", ["deflate", "zstd", "packbits"])
def test_a_tile_that_unpacks_to_far_more_than_a_tile(tmp_path: Path, compression: str) -> None:
    """The size of a tile is known before it is decoded."""
    bombs = {
        "deflate": lambda: zlib.compress(bytes(1 << 26), 1),
        "zstd": lambda: bytes(imagecodecs.zstd_encode(bytes(1 << 26))),
        "packbits": lambda: b"\x81\0" * (1 << 19),
    }
    path = tmp_path / "p.tif"
    tiles = iter([bombs[compression]()])
    tifffile.imwrite(
        path, tiles, shape=(32, 48, 3), dtype="uint8", photometric="rgb", compression=compression, tile=(32, 48)
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = read_all(path)
    assert isinstance(error, TileError)
    assert "tile 0 cannot be decoded" in str(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10
