"""A plan is a pure function of slide and options; what cannot be converted is said before a pixel is moved."""

import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from pipeline.io.planning import plan_slide
from pipeline.io.sources import open_source
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import MetadataMissing, SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import ImageKind, LossyHistory
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.sources.tiffs import TiffForm, add_image, draw_image, stored_tiles, write_pyramid, write_tiff
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

SYNTAX = TransferSyntax
SPACING = (0.000499, 0.000499)


def plan(path: Path, **options: Any) -> SlidePlan:
    options = {"research_placeholder": True} | options
    with open_source(str(path)) as source:
        return plan_slide(
            source, SlideInput(uri=str(path), slide_id=path.name), ConversionConfig(output="out", **options)
        )


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> dict[TileEncoding, Path]:
    """Return a small sample slide of every encoding."""
    folder = tmp_path_factory.mktemp("slides")
    return {
        encoding: build_sample_slide(folder / f"{encoding}.svs", columns=400, rows=300, tile=64, encoding=encoding)
        for encoding in TileEncoding
    }


@pytest.fixture
def slide(slides: dict[TileEncoding, Path]) -> Path:
    """Return the one of RGB JPEG."""
    return slides[TileEncoding.JPEG_RGB]


def uids(one: SlidePlan) -> Iterator[str]:
    yield from (one.study_instance_uid, one.series_instance_uid, one.frame_of_reference_uid, one.pyramid_uid)
    yield from (instance.sop_instance_uid for instance in one.instances)


def test_the_same_slide_and_options_give_the_same_plan(slide: Path, tmp_path: Path) -> None:
    first, second = plan(slide), plan(slide)
    assert first == second
    copy = tmp_path / slide.name
    copy.write_bytes(slide.read_bytes())
    assert dataclasses.replace(plan(copy), slide=first.slide) == first
    assert len(set(uids(first))) == len(list(uids(first)))


@pytest.mark.parametrize(
    "change", [{"jpeg_quality": 50}, {"uid_salt": "x"}, {"levels": (0,)}, {"force_transcode": True}]
)
def test_other_options_give_other_uids(slide: Path, change: dict[str, Any]) -> None:
    assert not set(uids(plan(slide))) & set(uids(plan(slide, **change)))


def test_options_without_effect_on_the_bytes_give_the_same_uids(slide: Path) -> None:
    assert list(uids(plan(slide))) == list(uids(plan(slide, threads=3, run_frames=1, overwrite=True)))


def test_other_content_gives_other_uids(slide: Path, tmp_path: Path) -> None:
    data = bytearray(slide.read_bytes())
    data[-1] ^= 1
    (tmp_path / slide.name).write_bytes(data)
    assert not set(uids(plan(slide))) & set(uids(plan(tmp_path / slide.name)))


def test_instances_of_a_slide(slide: Path) -> None:
    one = plan(slide)
    names = ["level-0", "level-1", "level-2", "thumbnail", "label", "overview"]
    assert [instance.name for instance in one.instances] == names
    assert [instance.file_name for instance in one.instances] == [f"{name}.dcm" for name in names]
    assert [instance.number for instance in one.instances] == list(range(1, 7))
    levels = one.instances[:3]
    assert [level.grid.tile_columns for level in levels] == [64] * 3
    assert [level.pixel_spacing_mm for level in levels] == [
        pytest.approx((factor * 0.000499, factor * 0.000499)) for factor in (1, 4, 16)
    ]
    for instance in one.instances[3:]:
        assert instance.grid.frames == 1
        assert (instance.pixel_spacing_mm is None) is (instance.kind in (ImageKind.LABEL, ImageKind.OVERVIEW))
        assert (instance.route, instance.reason) == (Route.ENCODE, Reason.UNTILED)
    assert one.base is one.instances[0]
    assert one.icc_source == "srgb"


@pytest.mark.parametrize("switch", ["label", "overview", "thumbnail"])
def test_what_is_switched_off_is_not_planned(slide: Path, switch: str) -> None:
    names = {instance.name for instance in plan(slide, **{switch: False}).instances}
    assert names == {"level-0", "level-1", "level-2", "thumbnail", "label", "overview"} - {switch}


def test_levels_that_are_asked_for_keep_their_names_and_scales(slide: Path) -> None:
    one = plan(slide, levels=(1, 2), label=False, overview=False, thumbnail=False)
    assert [instance.name for instance in one.instances] == ["level-1", "level-2"]
    assert one.base.pixel_spacing_mm == pytest.approx((4 * 0.000499, 4 * 0.000499))
    assert [instance.level for instance in one.instances] == [1, 2]


def test_a_level_that_there_is_not(slide: Path) -> None:
    with pytest.raises(SourceError, match=r"no level 3: its levels are 0 to 2") as caught:
        plan(slide, levels=(0, 3))
    assert (caught.value.level, caught.value.uri) == (3, str(slide))


def test_a_thumbnail_of_a_levels_own_size_is_that_level(tmp_path: Path) -> None:
    """Two instances of one series and size would be two answers to one question."""
    form, strips = TiffForm(compression="none"), TiffForm(compression="none", tiled=False)
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        add_image(tiff, form, draw_image(form), description="Aperio x\n|MPP = 0.5", software=False)
        add_image(tiff, strips, draw_image(form, 50, 35), description="Aperio\nthumbnail", software=False)
        add_image(tiff, form, draw_image(form, 50, 35), description="Aperio\n", software=False)
    assert [i.name for i in plan(tmp_path / "s.svs").instances] == ["level-0", "level-1"]
    assert [i.name for i in plan(tmp_path / "s.svs", levels=(0,)).instances] == ["level-0", "thumbnail"]


def test_a_slide_without_a_scale_names_the_option_that_gives_one(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=200, rows=150, tile=64, micrometres_per_pixel=None)
    with pytest.raises(SourceError, match="--source-pixel-spacing-mm ROW,COL") as caught:
        plan(slide)
    assert caught.value.uri == str(slide)
    one = plan(slide, source_pixel_spacing_mm=(0.0003, 0.0004))
    assert one.base.pixel_spacing_mm == (0.0003, 0.0004)
    assert one.facts.pixel_spacing_mm == (0.0003, 0.0004)
    assert not [warning for warning in one.warnings if "spacing" in warning]


def test_a_given_scale_beats_the_slides_with_a_word(slide: Path) -> None:
    one = plan(slide, source_pixel_spacing_mm=(0.001, 0.001))
    assert one.base.pixel_spacing_mm == (0.001, 0.001)
    assert any("0.001,0.001 mm is used, not the slide's 0.000499,0.000499 mm" in text for text in one.warnings)
    assert not any("spacing" in text for text in plan(slide, source_pixel_spacing_mm=SPACING).warnings)


def test_metadata_that_is_missing_is_listed(slide: Path) -> None:
    with pytest.raises(MetadataMissing, match="PatientID") as caught:
        plan(slide, research_placeholder=False)
    assert caught.value.uri == str(slide)


LOSSLESS_KIND = {
    SYNTAX.JPEG_2000: SYNTAX.JPEG_2000_LOSSLESS,
    SYNTAX.HTJ2K: SYNTAX.HTJ2K_LOSSLESS_RPCL,
    SYNTAX.JPEG_XL: SYNTAX.JPEG_XL_LOSSLESS,
}
PASSING = {
    TileEncoding.JPEG_RGB: (SYNTAX.JPEG_BASELINE, Photometric.RGB, False),
    TileEncoding.JPEG_YCBCR_420: (SYNTAX.JPEG_BASELINE, Photometric.YBR_FULL_422, False),
    TileEncoding.J2K_33005: (SYNTAX.JPEG_2000_LOSSLESS, Photometric.RGB, True),
    TileEncoding.J2K_33005_MCT: (SYNTAX.JPEG_2000_LOSSLESS, Photometric.YBR_RCT, True),
    TileEncoding.J2K_33005_ICT: (SYNTAX.JPEG_2000, Photometric.YBR_ICT, False),
}


@pytest.mark.parametrize("encoding", PASSING)
def test_what_can_pass_decides_the_syntax(slides: dict[TileEncoding, Path], encoding: TileEncoding) -> None:
    one = plan(slides[encoding])
    syntax, photometric, reversible = PASSING[encoding]
    for level in one.instances[:3]:
        assert (level.route, level.reason) == (Route.PASSTHROUGH, None)
        assert (level.transfer_syntax, level.photometric, level.reversible) == (syntax, photometric, reversible)
        assert level.lossy.is_lossy is not reversible
    # What is encoded anew in a JPEG 2000 slide is reversible (PS3.5 A.4.4).
    others = SYNTAX.JPEG_2000_LOSSLESS if syntax is SYNTAX.JPEG_2000 else syntax
    assert {instance.transfer_syntax for instance in one.instances[3:]} == {others}


def test_ycbcr_that_dicom_has_no_word_for_is_encoded_anew(slides: dict[TileEncoding, Path]) -> None:
    one = plan(slides[TileEncoding.J2K_33003])
    for level in one.instances[:3]:
        assert (level.route, level.reason) == (Route.ENCODE, Reason.PHOTOMETRIC_NOT_IN_IOD)
        assert level.transfer_syntax is SYNTAX.HTJ2K_LOSSLESS_RPCL
        assert level.photometric is Photometric.YBR_RCT
    assert any("HTJ2K is written, which OpenSlide and QuPath do not read" in text for text in one.warnings)
    assert any("--profile openslide" in text for text in one.warnings)


@pytest.mark.parametrize("encoding", TileEncoding)
@pytest.mark.parametrize("syntax", TransferSyntax.offered())
def test_a_syntax_that_is_asked_for_is_the_one_that_is_written(
    slides: dict[TileEncoding, Path], encoding: TileEncoding, syntax: TransferSyntax
) -> None:
    stored = PASSING.get(encoding, (None,))[0]
    within = (SYNTAX.JPEG_2000, SYNTAX.JPEG_2000_LOSSLESS)
    passes = stored is syntax or (syntax is SYNTAX.JPEG_2000 and stored in within)
    recompressed = stored is SYNTAX.JPEG_BASELINE and syntax is SYNTAX.JPEG_XL_RECOMPRESSION
    for instance in plan(slides[encoding], transfer_syntax=syntax).instances:
        if passes and instance.level is not None:
            assert (instance.route, instance.transfer_syntax) == (Route.PASSTHROUGH, stored)
            continue
        if recompressed and instance.level is not None:
            assert (instance.route, instance.transfer_syntax) == (Route.RECOMPRESSED, syntax)
            assert instance.photometric is PASSING[encoding][1]
            continue
        written = LOSSLESS_KIND.get(syntax, syntax)
        assert (instance.route, instance.transfer_syntax) == (Route.ENCODE, written)
        if instance.level is None:
            assert instance.reason is Reason.UNTILED
        elif stored is not None:
            assert instance.reason is Reason.SYNTAX_REQUESTED
        assert instance.reversible is not instance.transfer_syntax.may_be_lossy


def test_another_tile_size_and_force_keep_tiles_from_passing(slide: Path) -> None:
    assert {i.reason for i in plan(slide, tile_size=64).instances[:3]} == {None}
    other = plan(slide, tile_size=128)
    assert {i.reason for i in other.instances[:3]} == {Reason.GEOMETRY_CHANGED}
    assert {(i.grid.tile_columns, i.grid.tile_rows, i.native_grid) for i in other.instances[:3]} == {(128, 128, False)}
    forced = plan(slide, force_transcode=True, transfer_syntax=SYNTAX.JPEG_BASELINE)
    assert {i.reason for i in forced.instances[:3]} == {Reason.TRANSCODE_FORCED}


@pytest.mark.parametrize(
    ("syntax", "options", "photometric"),
    [
        (SYNTAX.JPEG_2000, {"j2k_quality": 40.0}, Photometric.YBR_ICT),
        (SYNTAX.HTJ2K, {"compression_ratio": 10.0}, Photometric.YBR_ICT),
        (SYNTAX.JPEG_LS_NEAR_LOSSLESS, {}, Photometric.RGB),
    ],
)
def test_loss_that_is_asked_for(
    slide: Path, syntax: TransferSyntax, options: dict[str, float], photometric: Photometric
) -> None:
    for instance in plan(slide, transfer_syntax=syntax, **options).instances:
        assert (instance.route, instance.transfer_syntax) == (Route.ENCODE, syntax)
        assert (instance.reversible, instance.photometric) == (False, photometric)


def test_jpeg_that_cannot_be_recompressed_is_encoded_with_a_reason(tmp_path: Path) -> None:
    """Chroma sampled 4:1:1 is legal JPEG, and libjxl refuses it."""
    path, pixels = tmp_path / "p.tif", np.zeros((96, 96, 3), np.uint8)
    options: dict[str, Any] = {"photometric": "ycbcr", "subsampling": (4, 1), "tile": (96, 96)}
    tifffile.imwrite(path, pixels, compression="jpeg", **options)
    (level,) = plan(path, source_pixel_spacing_mm=SPACING, transfer_syntax=SYNTAX.JPEG_XL_RECOMPRESSION).instances
    assert (level.route, level.reason) == (Route.ENCODE, Reason.JPEG_NOT_RECOMPRESSED)
    (passing,) = plan(path, source_pixel_spacing_mm=SPACING).instances
    assert (passing.route, passing.transfer_syntax) == (Route.PASSTHROUGH, SYNTAX.JPEG_BASELINE)


def test_strips_become_tiles_of_512(tmp_path: Path) -> None:
    form = TiffForm(compression="lzw", tiled=False, bits=16, samples=1)
    path = write_tiff(tmp_path / "p.tif", form, draw_image(form, 1100, 520))
    (level,) = plan(path, source_pixel_spacing_mm=SPACING).instances
    assert (level.grid.tile_columns, level.grid.tile_rows, level.grid.frames) == (512, 512, 6)
    assert (level.reason, level.photometric) == (Reason.UNTILED, Photometric.MONOCHROME2)
    assert (level.bits, level.background, level.lossy) == (16, (65535,), LossyHistory())


def test_16_bits_do_not_fit_into_jpeg(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "p.tif", TiffForm(compression="lzw", bits=16))
    with pytest.raises(SourceError, match=r"jpeg-baseline8-bit holds 8 bits a sample, this slide has 16: use"):
        plan(path, source_pixel_spacing_mm=SPACING, transfer_syntax=SYNTAX.JPEG_BASELINE)


def test_more_native_pixels_than_an_instance_holds_are_refused(tmp_path: Path) -> None:
    """2^32-2 bytes (PS3.5 7.1): 37,838 x 37,838 RGB pixels are one square too many."""
    tile = zlib.compress(bytes(4096 * 4096 * 3), 1)
    for columns, fits in ((32768, True), (40960, False)):
        path = tmp_path / f"{columns}.tif"
        frames = (columns // 4096) ** 2
        tiles = iter([tile] + [b""] * (frames - 1))
        tifffile.imwrite(
            path, tiles, shape=(columns, columns, 3), dtype=np.uint8, photometric="rgb", compression="zlib",
            tile=(4096, 4096), metadata=None,
        )  # fmt: skip
        options = {"source_pixel_spacing_mm": SPACING, "transfer_syntax": SYNTAX.EXPLICIT_VR_LITTLE_ENDIAN}
        if fits:
            assert plan(path, **options).base.grid.frames == frames
            continue
        with pytest.raises(
            SourceError, match=r"more than the 2\^32-2 .* choose an encapsulated --transfer-syntax"
        ) as e:
            plan(path, **options)
        assert e.value.level == 0
        assert plan(path, source_pixel_spacing_mm=SPACING).base.grid.frames == frames


def test_a_picture_wider_than_a_frame_can_be_is_refused(tmp_path: Path) -> None:
    form, strips = TiffForm(compression="none"), TiffForm(compression="zstd", tiled=False)
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        add_image(tiff, form, draw_image(form), description="Aperio x\n|MPP = 0.5", software=False)
        add_image(tiff, strips, np.zeros((4, 70_000, 3), np.uint8), description="Aperio\nmacro", software=False)
    with pytest.raises(SourceError, match="the overview is 70000 x 4 pixels"):
        plan(tmp_path / "s.svs")
    assert plan(tmp_path / "s.svs", overview=False).base.name == "level-0"


@pytest.mark.parametrize("run_frames", [1, 7, 64])
def test_runs_are_as_long_as_asked_for_where_tiles_are_decoded(slide: Path, run_frames: int) -> None:
    one = plan(slide, force_transcode=True, run_frames=run_frames)
    assert one.base.run_frames == run_frames
    assert plan(slide, force_transcode=True, run_frames=64, run_bytes=1 << 16).base.run_frames == 21


def test_runs_of_passing_tiles_are_as_long_as_their_bytes(slide: Path) -> None:
    with open_source(str(slide)) as source:
        lengths = source.tile_lengths(0)
        assert lengths is not None
        mean = float(lengths.mean())
    assert plan(slide, run_bytes=1 << 16).base.run_frames == int((1 << 16) / mean)
    assert plan(slide, run_bytes=1 << 30).base.run_frames == 256


def test_tiles_that_disagree_do_not_decide(tmp_path: Path) -> None:
    """One tile in another colour model: the others pass, it will be encoded."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, tile=64, associated=False)
    other = build_sample_slide(
        tmp_path / "o.svs", columns=400, rows=300, tile=64, associated=False, encoding=TileEncoding.JPEG_YCBCR_420
    )
    tiles, foreign = stored_tiles(slide), stored_tiles(other)
    place = next(i for i in range(len(tiles)) if len(foreign[i]) <= len(tiles[i]))
    data = slide.read_bytes().replace(tiles[place], foreign[place].ljust(len(tiles[place]), b"\0"), 1)
    (tmp_path / "mixed.svs").write_bytes(data)
    base = plan(tmp_path / "mixed.svs").base
    assert (base.route, base.photometric) == (Route.PASSTHROUGH, Photometric.RGB)


def test_a_pyramid_without_a_common_codec_has_its_base_levels_syntax(tmp_path: Path) -> None:
    """A JPEG base over lower levels in LZW: those are encoded as JPEG."""
    jpeg, lzw = TiffForm(compression="jpeg-ycbcr-420"), TiffForm(compression="lzw")
    with tifffile.TiffWriter(tmp_path / "p.tif") as tiff:
        add_image(tiff, jpeg, draw_image(jpeg, 200, 140))
        add_image(tiff, lzw, draw_image(lzw, 100, 70))
    levels = plan(tmp_path / "p.tif", source_pixel_spacing_mm=SPACING).instances
    assert [level.route for level in levels] == [Route.PASSTHROUGH, Route.ENCODE]
    assert [level.reason for level in levels] == [None, Reason.CODEC_NOT_IN_DICOM]
    assert {level.transfer_syntax for level in levels} == {SYNTAX.JPEG_BASELINE}
    images = [draw_image(lzw, 200, 140), draw_image(lzw, 100, 70)]
    levels = plan(write_pyramid(tmp_path / "l.tif", lzw, images), source_pixel_spacing_mm=SPACING).instances
    assert {level.transfer_syntax for level in levels} == {SYNTAX.HTJ2K_LOSSLESS_RPCL}
