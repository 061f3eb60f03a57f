"""Bugs 1 to 9: what frames are, and what the header says that they are."""

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import pytest
from PIL import Image

from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.peer_bugs.slides import EDGE, StoredLevel, jpeg, tiles_of, write_svs
from tests.acceptance.peer_bugs.written import (
    codestream_syntax,
    has_component_transform,
    header,
    headers,
    jpeg_segments,
    levels,
    matrix,
)
from tests.graph.conversions import convert, shown, statuses, stored_frames
from tests.sample import build_sample_slide, draw_tissue
from tests.sample_tiles import TileEncoding

COLUMNS, ROWS = 300, 200
_REQUESTS: dict[str, dict[str, Any]] = {
    "the slide's": {},
    "native": {"transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN},
    "HTJ2K": {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL},
    "JPEG 2000": {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS, "force_transcode": True},
    "JPEG": {"transfer_syntax": TransferSyntax.JPEG_BASELINE, "force_transcode": True},
}


def small(path: Path, encoding: TileEncoding = TileEncoding.JPEG_RGB) -> Path:
    return build_sample_slide(path / "s.svs", columns=COLUMNS, rows=ROWS, tile=EDGE, encoding=encoding)


def seen(slide: Path, level: int = 0) -> Pixels:
    """Return a level as OpenSlide shows it."""
    with openslide.OpenSlide(slide) as opened:
        return np.asarray(opened.read_region((0, 0), level, opened.level_dimensions[level]).convert("RGB"))


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize(
    ("asked", "encoding"),
    [*((asked, TileEncoding.JPEG_RGB) for asked in _REQUESTS), ("the slide's", TileEncoding.J2K_33005_MCT)],
)
def test_bug_01_file_meta_names_the_syntax_of_the_frames(tmp_path: Path, asked: str, encoding: TileEncoding) -> None:
    """In every instance: those that pass, those that are encoded, and the label beside them."""
    report = convert(small(tmp_path, encoding), tmp_path / "out", **_REQUESTS[asked])
    assert statuses(report) == {"s.svs": "published"}
    files = sorted((tmp_path / "out/s.svs").glob("*.dcm"))
    assert len(files) == 6
    for file in files:
        syntax = header(file).file_meta.TransferSyntaxUID
        found = {codestream_syntax(frame) for frame in stored_frames(file)}
        assert found == ({""} if syntax == TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.value else {syntax}), file.name
    wanted = _REQUESTS[asked].get("transfer_syntax")
    if wanted is not None:
        assert header(tmp_path / "out/s.svs/level-0.dcm").file_meta.TransferSyntaxUID == wanted.value


@pytest.mark.parametrize(
    ("encoding", "number"),
    [(TileEncoding.J2K_33005_MCT, 90), (TileEncoding.J2K_33005, 90), (TileEncoding.J2K_33005_ICT, 91)],
)
def test_bug_02_the_wavelet_decides_on_the_transfer_syntax(tmp_path: Path, encoding: TileEncoding, number: int) -> None:
    convert(small(tmp_path, encoding), tmp_path / "out")
    for file in levels(tmp_path / "out/s.svs"):
        assert header(file).file_meta.TransferSyntaxUID == f"1.2.840.10008.1.2.4.{number}"


@pytest.mark.parametrize(
    ("encoding", "photometric"),
    [
        (TileEncoding.J2K_33003, None),
        (TileEncoding.J2K_33005, "RGB"),
        (TileEncoding.J2K_33005_MCT, "YBR_RCT"),
        (TileEncoding.J2K_33005_ICT, "YBR_ICT"),
    ],
)
def test_bug_03_the_codestream_says_whether_components_are_transformed(
    tmp_path: Path, encoding: TileEncoding, photometric: str | None
) -> None:
    """The number of the TIFF compression does not; YCbCr without the transformation cannot be written as it is."""
    slide = small(tmp_path, encoding)
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    file = tmp_path / "out/s.svs/level-0.dcm"
    found = header(file).PhotometricInterpretation
    assert {has_component_transform(frame) for frame in stored_frames(file)} == {found in ("YBR_RCT", "YBR_ICT")}
    if photometric is None:
        assert entry["frames_by_route"]["passthrough"] == 0
        assert found != "YBR_FULL"
    else:
        assert found == photometric
    assert difference(matrix(file), seen(slide)) < 1


def test_bug_04_a_tag_that_says_rgb_does_not_make_ycbcr_rgb(tmp_path: Path) -> None:
    picture = draw_tissue(ROWS, COLUMNS)
    tiles = [jpeg(tile) for tile in tiles_of(picture)]
    slide = write_svs(tmp_path / "s.svs", StoredLevel(columns=COLUMNS, rows=ROWS, tiles=tiles, rgb=True))
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    file = tmp_path / "out/s.svs/level-0.dcm"
    assert entry["frames_by_route"]["passthrough"] == len(tiles)
    assert header(file).PhotometricInterpretation == "YBR_FULL_422"
    assert difference(matrix(file), picture) < 4
    assert difference(np.asarray(Image.open(io.BytesIO(stored_frames(file)[0]))), picture[:EDGE, :EDGE]) < 4


def test_bug_05_rgb_without_a_marker_is_shown_in_its_colours(tmp_path: Path) -> None:
    """Also by decoders that are given nothing but the frame."""
    slide = small(tmp_path)
    convert(slide, tmp_path / "out")
    file = tmp_path / "out/s.svs/level-0.dcm"
    picture = draw_tissue(ROWS, COLUMNS)
    assert header(file).PhotometricInterpretation == "RGB"
    for number, frame in enumerate(stored_frames(file)):
        segments = dict(jpeg_segments(frame))
        assert (segments[0xEE][:5], segments[0xEE][11]) == (b"Adobe", 0)
        assert 0xE0 not in segments
        y, x = number // 3 * EDGE, number % 3 * EDGE
        part = picture[y : y + EDGE, x : x + EDGE]
        for decoded in (np.asarray(Image.open(io.BytesIO(frame))), imagecodecs.jpeg8_decode(frame)):
            assert difference(decoded[: part.shape[0], : part.shape[1]], part) < 6


def test_bug_06_repaired_tiles_keep_their_chroma(tmp_path: Path) -> None:
    """An edge tile of another kind is encoded anew, in stripes of red and blue that subsampling would make purple."""
    picture = draw_tissue(ROWS, COLUMNS)
    picture[EDGE:, 2 * EDGE :: 2] = (230, 20, 20)
    picture[EDGE:, 2 * EDGE + 1 :: 2] = (20, 20, 230)
    cut = tiles_of(picture)
    tiles = [jpeg(tile, rgb=True, quality=95) for tile in cut]
    tiles[-1] = jpeg(cut[-1], subsampling="444", quality=95)
    slide = write_svs(tmp_path / "s.svs", StoredLevel(columns=COLUMNS, rows=ROWS, tiles=tiles, rgb=True))
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    assert entry["frames_by_route"]["passthrough"] == len(tiles) - 1
    file = tmp_path / "out/s.svs/level-0.dcm"
    frame = dict(jpeg_segments(stored_frames(file)[-1]))[0xC0]
    assert [frame[7 + 3 * component] for component in range(3)] == [0x11] * 3
    assert difference(matrix(file)[EDGE:, 2 * EDGE :], picture[EDGE:, 2 * EDGE :]) < 8


def test_bug_07_the_repair_of_rgb_touches_no_directory_of_ycbcr(tmp_path: Path) -> None:
    """A base level of RGB without markers, above a level of YCbCr: each is what its own codestream says."""
    pictures = [draw_tissue(4 * ROWS, 4 * COLUMNS), draw_tissue(ROWS, COLUMNS)]
    base = [jpeg(tile, rgb=True) for tile in tiles_of(pictures[0])]
    small_level = [jpeg(tile) for tile in tiles_of(pictures[1])]
    slide = write_svs(
        tmp_path / "s.svs",
        StoredLevel(columns=4 * COLUMNS, rows=4 * ROWS, tiles=base, rgb=True),
        StoredLevel(columns=COLUMNS, rows=ROWS, tiles=small_level),
    )
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    assert entry["frames_by_route"]["passthrough"] == len(base) + len(small_level)
    for file, photometric, transform, picture in zip(
        levels(tmp_path / "out/s.svs"), ("RGB", "YBR_FULL_422"), (0, None), pictures, strict=True
    ):
        assert header(file).PhotometricInterpretation == photometric
        marker = dict(jpeg_segments(stored_frames(file)[0])).get(0xEE)
        assert (None if marker is None else marker[11]) == transform
        assert difference(matrix(file), picture) < 5


@pytest.mark.parametrize("encoding", [TileEncoding.JPEG_RGB, TileEncoding.JPEG_YCBCR_420])
@pytest.mark.parametrize("forced", [False, True])
def test_bug_08_photometric_interpretation_is_that_of_the_jpeg(
    tmp_path: Path, encoding: TileEncoding, forced: bool
) -> None:
    """RGB where the frame has an Adobe marker of no transformation, and only there; also where we encode."""
    options: dict[str, Any] = (
        {"force_transcode": True, "transfer_syntax": TransferSyntax.JPEG_BASELINE} if forced else {}
    )
    convert(small(tmp_path, encoding), tmp_path / "out", **options)
    of_jpeg = 0
    for name, instance in headers(tmp_path / "out/s.svs").items():
        if instance.file_meta.TransferSyntaxUID != TransferSyntax.JPEG_BASELINE.value:
            continue
        of_jpeg += 1
        for frame in stored_frames(tmp_path / f"out/s.svs/{name}.dcm"):
            marker = dict(jpeg_segments(frame)).get(0xEE)
            is_rgb = marker is not None and marker[11] == 0
            assert instance.PhotometricInterpretation == ("RGB" if is_rgb else "YBR_FULL_422"), name
    assert of_jpeg >= 3
    assert difference(matrix(tmp_path / "out/s.svs/level-0.dcm"), draw_tissue(ROWS, COLUMNS)) < 8


def progressive(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90, progressive=True)
    return stream.getvalue()


def extended(pixels: Pixels) -> bytes:
    """Return sequential JPEG that calls itself extended (SOF1), as it may with 8 bits."""
    return jpeg(pixels).replace(b"\xff\xc0\x00\x11", b"\xff\xc1\x00\x11", 1)


@pytest.mark.parametrize("encode", [progressive, extended])
@pytest.mark.parametrize("all_tiles", [True, False])
def test_bug_09_jpeg_that_is_not_baseline_is_not_called_so(tmp_path: Path, encode: object, all_tiles: bool) -> None:
    """A level of it becomes another syntax; one such tile among others is encoded anew."""
    picture = draw_tissue(ROWS, COLUMNS)
    tiles = [
        encode(tile) if all_tiles or number == 2 else jpeg(tile)  # type: ignore[operator]
        for number, tile in enumerate(tiles_of(picture))
    ]
    slide = write_svs(tmp_path / "s.svs", StoredLevel(columns=COLUMNS, rows=ROWS, tiles=tiles))
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    assert entry["frames_by_route"]["passthrough"] == (0 if all_tiles else len(tiles) - 1)
    file = tmp_path / "out/s.svs/level-0.dcm"
    assert {codestream_syntax(frame) for frame in stored_frames(file)} == {header(file).file_meta.TransferSyntaxUID}
    assert difference(np.concatenate(shown(file)[:2], axis=1), picture[:EDGE, : 2 * EDGE]) < 5
    assert difference(matrix(file), picture) < 5
