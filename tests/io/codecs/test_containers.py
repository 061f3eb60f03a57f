"""Where only the container differs, a codestream passes; what it is called is never more than is true."""

import pytest

from pipeline.io.codecs.containers import encoding_syntax, is_recompressed, passing_syntax
from pipeline.model.transfer_syntaxes import TransferSyntax as Syntax


@pytest.mark.parametrize(
    ("stored", "wanted", "passes_as"),
    [
        (Syntax.HTJ2K_LOSSLESS_RPCL, Syntax.HTJ2K_LOSSLESS, Syntax.HTJ2K_LOSSLESS),
        (Syntax.HTJ2K_LOSSLESS, Syntax.HTJ2K_LOSSLESS_RPCL, None),
        (Syntax.HTJ2K_LOSSLESS, Syntax.HTJ2K, Syntax.HTJ2K_LOSSLESS),
        (Syntax.HTJ2K_LOSSLESS_RPCL, Syntax.HTJ2K, Syntax.HTJ2K_LOSSLESS_RPCL),
        (Syntax.HTJ2K, Syntax.HTJ2K_LOSSLESS, None),
        (Syntax.JPEG_2000_LOSSLESS, Syntax.JPEG_2000, Syntax.JPEG_2000_LOSSLESS),
        (Syntax.JPEG_2000, Syntax.JPEG_2000_LOSSLESS, None),
        (Syntax.JPEG_2000_LOSSLESS, Syntax.HTJ2K_LOSSLESS, None),
        (Syntax.JPEG_LS_LOSSLESS, Syntax.JPEG_LS_NEAR_LOSSLESS, Syntax.JPEG_LS_LOSSLESS),
        (Syntax.JPEG_XL_LOSSLESS, Syntax.JPEG_XL, Syntax.JPEG_XL_LOSSLESS),
        (Syntax.JPEG_BASELINE, Syntax.JPEG_XL_RECOMPRESSION, None),
    ],
)
def test_what_passes(stored: Syntax, wanted: Syntax, passes_as: Syntax | None) -> None:
    assert passing_syntax(stored, wanted) is passes_as


@pytest.mark.parametrize("syntax", Syntax)
def test_every_syntax_passes_as_its_own(syntax: Syntax) -> None:
    assert passing_syntax(syntax, syntax) is syntax


def test_what_passes_as_lossless_is_lossless() -> None:
    """PS3.3 C.7.6.1.1.5: no name may say of a lossy codestream that it is none."""
    pairs = [(s, w, passing_syntax(s, w)) for s in Syntax for w in Syntax]
    assert not [pair for pair in pairs if pair[2] and pair[0].may_be_lossy and not pair[2].may_be_lossy]


def test_only_baseline_jpeg_is_recompressed() -> None:
    assert [s for s in Syntax if is_recompressed(s, Syntax.JPEG_XL_RECOMPRESSION)] == [Syntax.JPEG_BASELINE]
    assert not is_recompressed(Syntax.JPEG_BASELINE, Syntax.JPEG_XL)


@pytest.mark.parametrize(
    ("wanted", "asked", "bits", "encoded_as"),
    [
        (Syntax.JPEG_2000, False, 8, Syntax.JPEG_2000_LOSSLESS),
        (Syntax.JPEG_2000, True, 8, Syntax.JPEG_2000),
        (Syntax.HTJ2K, False, 16, Syntax.HTJ2K_LOSSLESS_RPCL),
        (Syntax.HTJ2K, True, 16, Syntax.HTJ2K),
        (Syntax.JPEG_LS_NEAR_LOSSLESS, False, 8, Syntax.JPEG_LS_LOSSLESS),
        (Syntax.JPEG_LS_NEAR_LOSSLESS, True, 8, Syntax.JPEG_LS_NEAR_LOSSLESS),
        (Syntax.JPEG_XL, False, 8, Syntax.JPEG_XL_LOSSLESS),
        (Syntax.JPEG_EXTENDED, False, 8, Syntax.JPEG_BASELINE),
        (Syntax.JPEG_EXTENDED, False, 16, Syntax.JPEG_2000_LOSSLESS),
        (Syntax.JPEG_LOSSLESS_SV1, False, 8, Syntax.JPEG_2000_LOSSLESS),
        (Syntax.JPEG_BASELINE, False, 8, Syntax.JPEG_BASELINE),
        (Syntax.RLE_LOSSLESS, False, 8, Syntax.RLE_LOSSLESS),
    ],
)
def test_what_is_encoded_loses_nothing_unasked(wanted: Syntax, asked: bool, bits: int, encoded_as: Syntax) -> None:
    assert encoding_syntax(wanted, is_lossy_asked=asked, bits=bits) is encoded_as


@pytest.mark.parametrize("wanted", Syntax)
def test_whatever_a_slide_is_there_is_an_encoder_for_the_rest(wanted: Syntax) -> None:
    assert not encoding_syntax(wanted, is_lossy_asked=False, bits=8).is_only_passed
