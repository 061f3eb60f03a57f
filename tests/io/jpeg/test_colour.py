"""What JPEG components are, and whether a frame says so to everybody."""

import io
from itertools import product

import imagecodecs
import libjpeg
import numpy as np
import pytest
from PIL import Image

from pipeline.io.codecs.colour import rgb_to_ycbcr, ycbcr_to_rgb
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric
from tests.io.jpeg.streams import JFIF, adobe, encode, marked, tissue

RGB, YCBCR = TaggedColour.RGB, TaggedColour.YCBCR
ROWS, COLUMNS = 96, 80
NUMBERED, NAMED, FROM_ZERO = b"\1\2\3", b"RGB", b"\0\1\2"

# Application segments, identifiers, subsampling, tag; then what the components are.
CASES = {
    "Adobe 0": ((adobe(0),), FROM_ZERO, "444", YCBCR, RGB),
    "Adobe 0 and ids 1 2 3": ((adobe(0),), NUMBERED, "444", YCBCR, RGB),
    "Adobe 0 beats JFIF": ((JFIF, adobe(0)), NUMBERED, "444", YCBCR, RGB),
    "Adobe 1": ((adobe(1),), FROM_ZERO, "444", RGB, YCBCR),
    "Adobe 1 beats ids R G B": ((adobe(1),), NAMED, "444", RGB, YCBCR),
    "ids R G B": ((), NAMED, "444", YCBCR, RGB),
    "ids R G B beat JFIF": ((JFIF,), NAMED, "444", YCBCR, RGB),
    "JFIF (bug 4: the tag says RGB)": ((JFIF,), NUMBERED, "444", RGB, YCBCR),
    "JFIF and Adobe 2": ((JFIF, adobe(2)), NUMBERED, "444", RGB, YCBCR),
    "subsampled (bug 7: no fix for RGB here)": ((), FROM_ZERO, "422", RGB, YCBCR),
    "subsampled both ways": ((), NUMBERED, "420", RGB, YCBCR),
    "silent, tag RGB (bug 5: Aperio)": ((), FROM_ZERO, "444", RGB, RGB),
    "silent, ids 1 2 3, tag RGB": ((), NUMBERED, "444", RGB, RGB),
    "silent, tag YCbCr": ((), FROM_ZERO, "444", YCBCR, YCBCR),
    "Adobe 2, tag RGB": ((adobe(2),), FROM_ZERO, "444", RGB, RGB),
    "Adobe 2, tag YCbCr": ((adobe(2),), FROM_ZERO, "444", YCBCR, YCBCR),
}


def pass_frame(tile: bytes, tag: TaggedColour) -> tuple[bytes, PassedTile]:
    codec = JpegTiles(tables=b"", colour=tag, samples=3, bits=8, tile_columns=COLUMNS, tile_rows=ROWS)
    passed = codec.pass_tile(tile)
    assert isinstance(passed, PassedTile)
    return passed.head + tile[passed.start : passed.end], passed


def difference(shown: Pixels) -> float:
    return float(np.abs(shown.astype(int) - tissue()).mean())


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[bytes, TaggedColour, TaggedColour]:
    """Return a tile, its tag, and what its components are."""
    markers, identifiers, subsampling, tag, truth = CASES[request.param]
    whole = encode(tissue(), rgb=truth is RGB, subsampling=subsampling)
    return marked(whole, *markers, identifiers=identifiers), tag, truth


def test_photometric_interpretation(case: tuple[bytes, TaggedColour, TaggedColour]) -> None:
    tile, tag, truth = case
    expected = Photometric.RGB if truth is RGB else Photometric.YBR_FULL_422
    assert pass_frame(tile, tag)[1].photometric is expected


def test_frame_shows_the_tissue_in_every_decoder(case: tuple[bytes, TaggedColour, TaggedColour]) -> None:
    """Decoders get nothing but the frame; pylibjpeg converts by the Photometric Interpretation, as pydicom does."""
    tile, tag, truth = case
    frame, _ = pass_frame(tile, tag)
    assert difference(imagecodecs.jpeg8_decode(frame)) < 3
    assert difference(np.asarray(Image.open(io.BytesIO(frame)))) < 3
    components = libjpeg.decode(frame)
    assert difference(components if truth is RGB else ycbcr_to_rgb(components, 8)) < 3


def test_decode_shows_the_tissue(case: tuple[bytes, TaggedColour, TaggedColour]) -> None:
    tile, tag, _ = case
    codec = JpegTiles(tables=b"", colour=tag, samples=3, bits=8, tile_columns=COLUMNS, tile_rows=ROWS)
    assert difference(codec.decode(tile)) < 3


def test_frame_names_one_colour_space_and_keeps_the_identifiers(
    case: tuple[bytes, TaggedColour, TaggedColour],
) -> None:
    tile, tag, truth = case
    before, after = parse_header(tile), parse_header(pass_frame(tile, tag)[0])
    assert [c.identifier for c in after.components] == [c.identifier for c in before.components]
    assert after.scan == before.scan
    if truth is RGB:
        assert (after.adobe_transform, after.has_jfif) == (0, False)
    else:
        assert after.adobe_transform == 1 or (after.has_jfif and after.adobe_transform is None)


def test_a_frame_that_says_it_is_left_as_it_is() -> None:
    for tile in (encode(tissue(), rgb=True), encode(tissue(), subsampling="420")):
        assert pass_frame(tile, RGB)[0] == tile


def test_rewriting_is_done_once() -> None:
    """A frame taken for a tile passes unchanged, whatever a tag says then."""
    for (markers, identifiers, subsampling, tag, truth), later in product(CASES.values(), (RGB, YCBCR)):
        whole = encode(tissue(), rgb=truth is RGB, subsampling=subsampling)
        frame, _ = pass_frame(marked(whole, *markers, identifiers=identifiers), tag)
        assert pass_frame(frame, later)[0] == frame


def test_silent_components_are_shown_wrongly_without_rewriting() -> None:
    """The reason for all this: libjpeg takes silent RGB for YCbCr, and a wrong tag shows YCbCr as RGB."""
    silent = marked(encode(tissue(), rgb=True))
    assert difference(imagecodecs.jpeg8_decode(silent)) > 30
    assert difference(rgb_to_ycbcr(tissue(), 8)) > 30
