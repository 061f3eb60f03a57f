"""What target profiles make of slides: syntaxes image by image, and the pixels that a target cannot hold."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pipeline.configs.profiles import profile_names, target_profile
from pipeline.io.planning import plan_slide
from pipeline.io.planning.targets import check_pixels
from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.offset_table import OffsetTable
from pipeline.model.plan import SlidePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import ImageKind
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.options import config_of
from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, rgb_planes, write_ome_tiff
from tests.io.sources.tiffs import TiffForm, draw_image, write_tiff
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

SYNTAX = TransferSyntax
PASS, ENCODE = Route.PASSTHROUGH, Route.ENCODE
STORES = [name for name in profile_names() if name not in ("plain", "aws-healthimaging")]


def plan(path: Path, profile: str, **settings: Any) -> SlidePlan:
    values = {"research-placeholder": True, "source-pixel-spacing-mm": (0.0005, 0.0005), "output": "out"}
    given = {name.replace("_", "-"): value for name, value in settings.items()}
    with open_source(str(path)) as source:
        slide = SlideInput(uri=str(path), slide_id=path.name)
        return plan_slide(source, slide, config_of(values | given | {"profile": profile}))


def written(one: SlidePlan) -> tuple[set[tuple[Route, TransferSyntax]], set[TransferSyntax]]:
    """Return routes and syntaxes of the levels, and syntaxes of what is beside them."""
    levels = [i for i in one.instances if i.kind is ImageKind.VOLUME]
    others = [i for i in one.instances if i.kind is not ImageKind.VOLUME]
    return {(i.route, i.transfer_syntax) for i in levels}, {i.transfer_syntax for i in others}


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> dict[TileEncoding, Path]:
    """Return a small sample slide of every encoding."""
    folder = tmp_path_factory.mktemp("slides")
    return {
        encoding: build_sample_slide(folder / f"{encoding}.svs", columns=400, rows=300, tile=64, encoding=encoding)
        for encoding in TileEncoding
    }


@pytest.mark.parametrize(
    ("encoding", "route", "levels", "others"),
    [
        (TileEncoding.JPEG_RGB, PASS, SYNTAX.JPEG_BASELINE, SYNTAX.JPEG_BASELINE),
        (TileEncoding.JPEG_YCBCR_420, PASS, SYNTAX.JPEG_BASELINE, SYNTAX.JPEG_BASELINE),
        (TileEncoding.J2K_33003, ENCODE, SYNTAX.HTJ2K_LOSSLESS_RPCL, SYNTAX.HTJ2K_LOSSLESS_RPCL),
        (TileEncoding.J2K_33005, ENCODE, SYNTAX.HTJ2K_LOSSLESS_RPCL, SYNTAX.HTJ2K_LOSSLESS_RPCL),
        (TileEncoding.J2K_33005_MCT, ENCODE, SYNTAX.HTJ2K_LOSSLESS_RPCL, SYNTAX.HTJ2K_LOSSLESS_RPCL),
        (TileEncoding.J2K_33005_ICT, PASS, SYNTAX.JPEG_2000, SYNTAX.HTJ2K_LOSSLESS_RPCL),
    ],
)
def test_aws_healthimaging_is_given_what_it_stores(
    slides: dict[TileEncoding, Path],
    encoding: TileEncoding,
    route: Route,
    levels: TransferSyntax,
    others: TransferSyntax,
) -> None:
    """Lossless JPEG 2000 would be encoded anew there; beside a lossy one, the label must not be .90 either."""
    one = plan(slides[encoding], "aws-healthimaging")
    assert written(one) == ({(route, levels)}, {others})
    assert {i.offset_table for i in one.instances} == {OffsetTable.BASIC}
    assert not any("HTJ2K" in warning for warning in one.warnings)


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("encoding", TileEncoding)
def test_other_targets_keep_jpeg_and_jpeg_2000(
    slides: dict[TileEncoding, Path], encoding: TileEncoding, name: str
) -> None:
    levels, others = written(plan(slides[encoding], name))
    if encoding.is_jpeg:
        assert (levels, others) == ({(PASS, SYNTAX.JPEG_BASELINE)}, {SYNTAX.JPEG_BASELINE})
        return
    stored = SYNTAX.JPEG_2000 if encoding is TileEncoding.J2K_33005_ICT else SYNTAX.JPEG_2000_LOSSLESS
    assert levels == {(ENCODE if encoding is TileEncoding.J2K_33003 else PASS, stored)}
    assert others == {SYNTAX.JPEG_2000_LOSSLESS}


def test_the_reason_names_the_target(slides: dict[TileEncoding, Path]) -> None:
    base = plan(slides[TileEncoding.J2K_33005_MCT], "aws-healthimaging").base
    assert base.reason is Reason.SYNTAX_NOT_KEPT
    assert "--profile" in base.reason.citation


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("encoding", TileEncoding)
def test_what_is_asked_for_is_written_as_without_a_profile(
    slides: dict[TileEncoding, Path], encoding: TileEncoding, name: str
) -> None:
    for syntax in target_profile(name).accepted:
        if not syntax.is_only_passed:
            asked = plan(slides[encoding], name, transfer_syntax=syntax)
            assert written(asked) == written(plan(slides[encoding], "plain", transfer_syntax=syntax))
            assert {i.transfer_syntax for i in asked.instances} <= set(target_profile(name).accepted)


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("change", [{"force_transcode": True}, {"tile_size": 128}, {"regenerate_pyramid": True}])
def test_what_is_encoded_anew_is_what_the_target_is_best_at(
    slides: dict[TileEncoding, Path], name: str, change: dict[str, Any]
) -> None:
    one = plan(slides[TileEncoding.JPEG_RGB], name, **change)
    if "regenerate_pyramid" in change:  # the base still passes, and decides
        assert {i.transfer_syntax for i in one.instances} == {SYNTAX.JPEG_BASELINE}
    else:
        assert {i.transfer_syntax for i in one.instances} == {target_profile(name).otherwise}


def test_gray_and_deep_pixels_are_not_for_openslide(tmp_path: Path) -> None:
    for samples, bits, words in ((1, 8, "1 sample a pixel"), (3, 16, "16 bits a sample")):
        form = TiffForm(compression="lzw", samples=samples, bits=bits)
        path = write_tiff(tmp_path / f"{samples}.tif", form, draw_image(form, 200, 200))
        with pytest.raises(SourceError) as caught:
            plan(path, "openslide")
        assert f"level 0 has {words}, and OpenSlide 4 (--profile openslide) takes" in str(caught.value)
        assert "openslide-vendor-dicom.c" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert plan(path, "google").base.transfer_syntax is SYNTAX.JPEG_2000_LOSSLESS


@pytest.mark.parametrize(
    ("samples", "counts", "words"),
    [(3, (3, 3, 1), "3 focal planes"), (1, (2, 1, 1), "1 sample a pixel")],
)
def test_focal_planes_and_channels_are_not_for_openslide(
    tmp_path: Path, samples: int, counts: tuple[int, int, int], words: str
) -> None:
    planes = rgb_planes(3) if samples == 3 else gray_planes(2)
    channel = '<Channel ID="Channel:0:0" SamplesPerPixel="3"/>' if samples == 3 else ""
    xml = ome_xml(ome_image(counts=counts, inside=channel, attributes='PhysicalSizeZ="1"'))
    path = write_ome_tiff(tmp_path / "s.ome.tiff", xml, planes)
    with pytest.raises(SourceError, match=rf"level 0 has {words}, and OpenSlide 4 "):
        plan(path, "openslide")
    assert plan(path, "azure").instances


def test_a_label_that_a_target_cannot_hold_can_be_left_out(slides: dict[TileEncoding, Path]) -> None:
    with open_source(str(slides[TileEncoding.JPEG_RGB])) as source:
        images = source.describe().images
    gray = [dataclasses.replace(i, samples=1) if i.kind is ImageKind.LABEL else i for i in images]
    check_pixels(target_profile("openslide"), images)
    check_pixels(target_profile("orthanc"), gray)
    with pytest.raises(SourceError, match=r"the label has 1 sample a pixel.*; --no-label leaves it out$"):
        check_pixels(target_profile("openslide"), gray)
