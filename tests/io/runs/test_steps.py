"""What happens to a run between its key and its part, step by step and without a graph."""

import dataclasses
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import xxhash

from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.io.runs.digests import DIGEST_ROW, REASONS, ROUTES, digest_rows, read_digest_rows
from pipeline.io.runs.encode import encode_run
from pipeline.io.runs.opened import OpenedSlide, OpenedSlides, background_tile
from pipeline.io.runs.passing import pass_through
from pipeline.io.runs.read import read_run
from pipeline.io.runs.stage import stage_run
from pipeline.io.runs.validate import validate_run
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import CodecValidation, ConversionConfig
from pipeline.model.errors import TileError
from pipeline.model.keys import RunKey, SlideInput
from pipeline.model.reasons import Reason, Route
from pipeline.model.tiles import Frame, FrameRun, TileRun
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.publishing.series import keys_of
from tests.io.sources.tiffs import stored_tiles
from tests.sample import build_sample_slide

TILE = 64
EMPTY = {9}
Opener = Callable[..., OpenedSlide]


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of 7 x 5 tiles, one of them missing."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=400, rows=300, tile=TILE, empty_tiles=EMPTY)


@pytest.fixture
def opened(slide: Path) -> Iterator[Opener]:
    """Return a function that opens the slide with options."""
    slides = OpenedSlides()

    def opener(**options: Any) -> OpenedSlide:
        config = ConversionConfig(output="out", research_placeholder=True, **options)
        with slides.lease(SlideInput(uri=str(slide), slide_id="s.svs"), config) as found:
            return found

    yield opener
    slides.close()


def key_of(slide: OpenedSlide, name: str = "level-0", place: int = 0) -> RunKey:
    return keys_of(slide, slide.instances[name])[place]


def made(slide: OpenedSlide, key: RunKey) -> FrameRun:
    return encode_run(pass_through(read_run(key, slide), slide), slide)


# reading


def test_a_passing_run_is_read_as_it_is_stored(opened: Opener, slide: Path) -> None:
    source = opened()
    run = read_run(key_of(source), source)
    tiles = stored_tiles(slide)
    assert [bytes(tile) for tile in run.tiles] == tiles
    assert run.pixels == {}
    assert run.timings.bytes_in == sum(map(len, tiles))


@pytest.mark.parametrize("size", [None, 100, 512])
@pytest.mark.parametrize("run_frames", [1, 5, 64])
def test_a_run_to_encode_is_pixels_of_its_frames(opened: Opener, size: int | None, run_frames: int) -> None:
    """Whatever rows of frames it crosses; white beyond the image."""
    source = opened(force_transcode=True, tile_size=size, run_frames=run_frames)
    plan = source.instances["level-0"]
    whole = source.source.read_region(plan.image, 0, 0, 400, 300)
    seen = 0
    for key in keys_of(source, plan):
        run = read_run(key, source)
        absent = {place - key.first_frame for place in EMPTY} if size is None else set()
        assert run.missing == absent & set(range(key.frames))
        assert set(run.pixels) == set(range(key.frames)) - run.missing
        for place, tile in run.pixels.items():
            x, y = plan.grid.position(key.first_frame + place)
            columns, rows = plan.grid.extent(key.first_frame + place)
            expected = background_tile(plan)
            expected[:rows, :columns] = whole[y : y + rows, x : x + columns]
            assert np.array_equal(tile, expected)
        seen += key.frames
    assert seen == plan.grid.frames


def test_a_picture_is_one_frame_of_its_own_size(opened: Opener) -> None:
    source = opened()
    run = read_run(key_of(source, "overview"), source)
    assert run.pixels[0].shape == (432, 1280, 3)


# passing


def test_routes_reasons_and_digests(opened: Opener, slide: Path) -> None:
    source = opened()
    run = made(source, key_of(source))
    assert [place for place, route in enumerate(run.routes) if route is Route.BACKGROUND] == sorted(EMPTY)
    assert run.rejected == dict.fromkeys(EMPTY, Reason.MISSING_TILE)
    for frame, tile, digest in zip(run.frames, stored_tiles(slide), run.digests, strict=True):
        assert frame is not None
        assert digest == xxhash.xxh3_64_intdigest(bytes(frame.body))
        assert not tile or tile.endswith(bytes(frame.body))


def test_a_tile_that_cannot_be_decoded_says_which(opened: Opener) -> None:
    source = opened()
    key = key_of(source)
    run = TileRun(key, source.instances["level-0"], [b"\xff\xd8 no JPEG"] * key.frames)
    with pytest.raises(TileError, match=r"s\.svs: level 0, tile 0 does not pass \(jpeg-malformed\)") as caught:
        pass_through(run, source)
    assert (caught.value.level, caught.value.frame) == (0, 0)


# validation


def test_without_validation_nothing_is_decoded(opened: Opener) -> None:
    source = opened(force_transcode=True)
    run = validate_run(made(source, key_of(source)), source)
    assert (run.timings.validated_frames, run.timings.psnr_db) == (0, None)


@pytest.mark.parametrize("syntax", [TransferSyntax.HTJ2K_LOSSLESS, TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN])
def test_a_lossless_frame_that_differs_is_found(opened: Opener, syntax: TransferSyntax) -> None:
    source = opened(transfer_syntax=syntax, codec_validation=CodecValidation.ROUND_TRIP)
    run = made(source, key_of(source))
    assert validate_run(run, source).timings.validated_frames == run.key.frames
    run.pending[3] = run.pending[3] ^ np.uint8(1)
    with pytest.raises(TileError, match="frame 3 of level-0") as caught:
        validate_run(run, source)
    assert (caught.value.level, caught.value.frame) == (0, 3)


def test_frames_in_each_others_places_are_found(opened: Opener) -> None:
    source = opened(transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS, codec_validation=CodecValidation.ROUND_TRIP)
    run = made(source, key_of(source))
    run.frames[1], run.frames[2] = run.frames[2], run.frames[1]
    with pytest.raises(TileError, match="frame 1 of level-0"):
        validate_run(run, source)


def test_a_passing_frame_must_decode_to_its_size(opened: Opener) -> None:
    source = opened(codec_validation=CodecValidation.ROUND_TRIP)
    run = made(source, key_of(source))
    validate_run(run, source)
    other = key_of(opened(codec_validation=CodecValidation.ROUND_TRIP, force_transcode=True), "thumbnail")
    thumbnail = made(source, other).frames[0]
    assert thumbnail is not None
    run.frames[5] = thumbnail
    with pytest.raises(TileError, match="frame 5 of level-0"):
        validate_run(run, source)


def test_the_least_psnr_of_a_lossy_run_is_kept(opened: Opener) -> None:
    source = opened(
        transfer_syntax=TransferSyntax.JPEG_BASELINE, force_transcode=True, codec_validation=CodecValidation.ROUND_TRIP
    )
    run = made(source, key_of(source))
    before = validate_run(run, source).timings.psnr_db
    assert before is not None
    run.pending[4] = 255 - run.pending[4]
    after = validate_run(run, source).timings.psnr_db
    assert after is not None
    assert after < 20 < before


# staging


def items_of(data: bytes) -> list[bytes]:
    """Take items apart (PS3.5 7.5)."""
    items, at = [], 0
    while at < len(data):
        tag, length = struct.unpack_from("<4sI", data, at)
        assert tag == b"\xfe\xff\x00\xe0"
        items.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return items


@pytest.mark.parametrize("in_place", [True, False])
def test_frames_are_staged_as_items_of_even_length(opened: Opener, tmp_path: Path, in_place: bool) -> None:
    source, store = opened(), LocalStore(str(tmp_path), "job")
    key = keys_of(source, source.instances["level-0"], in_place=in_place)[0]
    run = made(source, key)
    row = stage_run(run, source, store)
    data = Path(row.part_uri).read_bytes()[row.part_offset :]
    assert len(data) == row.part_bytes
    assert (row.part_offset > 0) is in_place
    items = items_of(data)
    lengths = np.frombuffer(row.frame_lengths, "<u4").tolist()
    assert [len(item) for item in items] == np.frombuffer(row.item_lengths, "<u4").tolist()
    for item, length, frame in zip(items, lengths, run.frames, strict=True):
        assert frame is not None
        assert item[:length] == frame.head + bytes(frame.body)
        assert item[length:] in (b"", b"\0")
        assert len(item) % 2 == 0
    assert row.frames == key.frames == len(items)
    assert sum(row.counters.routes.values()) == key.frames
    assert row.counters.bytes_out == sum(lengths)


def test_a_run_that_is_longer_than_predicted_becomes_a_part(opened: Opener, tmp_path: Path) -> None:
    source, store = opened(), LocalStore(str(tmp_path), "job")
    run = made(source, key_of(source))
    first = run.frames[0]
    assert first is not None
    run.frames[0] = Frame(first.head + b"\xff\xfe\0\4ab", first.body)
    row = stage_run(run, source, store)
    assert row.part_offset == 0
    assert items_of(Path(row.part_uri).read_bytes())[0].startswith(first.head + b"\xff\xfe")


def test_native_frames_are_their_pixels(opened: Opener, tmp_path: Path) -> None:
    source = opened(transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, run_frames=4)
    store = LocalStore(str(tmp_path), "job")
    run = made(source, key_of(source, place=1))
    row = stage_run(run, source, store)
    pixels = np.stack([run.pending[place] for place in range(4)])
    assert Path(row.part_uri).read_bytes() == pixels.tobytes()
    assert row.item_lengths == row.frame_lengths == struct.pack("<4I", *[TILE * TILE * 3] * 4)


def test_a_run_with_a_frame_that_nobody_made_is_not_staged(opened: Opener, tmp_path: Path) -> None:
    source, store = opened(), LocalStore(str(tmp_path), "job")
    run = made(source, key_of(source))
    run.frames[7] = None
    with pytest.raises(TileError, match=r"34 of 35 frames of a run of level-0 were made"):
        stage_run(run, source, store)
    assert list(tmp_path.iterdir()) == []


def test_digest_rows_come_back() -> None:
    routes = [Route.PASSTHROUGH, Route.ENCODE, Route.BACKGROUND]
    reasons = {1: Reason.DIFFERS_FROM_PLAN, 2: Reason.MISSING_TILE}
    rows = read_digest_rows(
        digest_rows([1, 2**64 - 1, 3], np.array([5, 6, 2**32 - 1], np.uint32), routes, reasons).tobytes()
    )
    assert DIGEST_ROW.itemsize == 16
    assert rows["digest"].tolist() == [1, 2**64 - 1, 3]
    assert rows["length"].tolist() == [5, 6, 2**32 - 1]
    assert [ROUTES[number] for number in rows["route"]] == routes
    assert [REASONS[number - 1] if number else None for number in rows["reason"]] == [None, *reasons.values()]


def test_every_reason_has_a_number_that_fits() -> None:
    assert len(REASONS) < 255
    assert len(set(REASONS)) == len(REASONS) == len(Reason)


RECOMPRESSED: dict[str, Any] = {"transfer_syntax": TransferSyntax.JPEG_XL_RECOMPRESSION}


def test_jpeg_is_recompressed_and_comes_back(opened: Opener) -> None:
    """The digest is of the source's entropy-coded bytes, and the JPEG is the one that would have been stored."""
    slide, passing = opened(**RECOMPRESSED), opened()
    key = key_of(slide)
    run = made(slide, key)
    stored = made(passing, key_of(passing))
    count = min(len(run.frames), len(stored.frames))
    assert set(run.routes) <= {Route.RECOMPRESSED, Route.BACKGROUND}
    for place in range(count):
        frame, jpeg = run.frames[place], stored.frames[place]
        assert frame is not None
        assert jpeg is not None
        if run.routes[place] is Route.RECOMPRESSED:
            assert restore_jpeg(frame.body) == jpeg.head + bytes(jpeg.body)
            assert run.digests[place] == stored.digests[place]
    recompressed = [f for f, route in zip(run.frames, run.routes, strict=True) if route is Route.RECOMPRESSED and f]
    assert run.timings.recompressed_bytes == sum(len(frame.body) for frame in recompressed)
    assert run.timings.jpeg_bytes > run.timings.recompressed_bytes


def test_background_of_a_recompressed_level_is_recompressed_jpeg(opened: Opener) -> None:
    slide = opened(**RECOMPRESSED)
    run = made(slide, key_of(slide))
    place = run.routes.index(Route.BACKGROUND)
    frame = run.frames[place]
    assert frame is not None
    assert restore_jpeg(frame.body).startswith(b"\xff\xd8")


def test_a_jpeg_that_cannot_be_recompressed_is_encoded_anew(opened: Opener) -> None:
    """Chroma sampled 4:1:1 is what libjxl refuses; the frame says why it is not the source's."""
    slide = opened(**RECOMPRESSED)
    key = key_of(slide)
    tiles = read_run(key, slide)
    pixels = slide.source.read_pixels(0, key.first_tile, 1)[0]
    assert pixels is not None
    odd = bytes(imagecodecs.jpeg8_encode(pixels, 90, subsampling="411"))
    plan = dataclasses.replace(tiles.plan, photometric=Photometric.YBR_FULL_422)
    slide.instances[key.instance] = plan
    run = FrameRun(key, plan, [None], [Route.RECOMPRESSED], [0], jpegs={0: Frame(b"", odd)})
    encoded = encode_run(run, slide)
    assert encoded.routes == [Route.ENCODE]
    assert encoded.rejected == {0: Reason.JPEG_NOT_RECOMPRESSED}
    frame = encoded.frames[0]
    assert frame is not None
    assert encoded.digests == [xxhash.xxh3_64_intdigest(frame.body)]
    assert restore_jpeg(frame.body) != odd
    assert encoded.timings.jpeg_bytes == 0


def test_a_jpeg_that_cannot_be_decoded_either_fails_with_its_place(opened: Opener) -> None:
    slide = opened(**RECOMPRESSED)
    key = key_of(slide)
    plan = slide.instances[key.instance]
    run = FrameRun(key, plan, [None], [Route.RECOMPRESSED], [0], jpegs={0: Frame(b"", b"no JPEG")})
    with pytest.raises(TileError, match="tile 0 cannot be recompressed, nor decoded"):
        encode_run(run, slide)
