"""What a setting takes, written on a command line or in a file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.configs.values import integer, levels, number, one_of, spacing, switch, text, texts, transfer_syntax
from pipeline.model.config import UidPolicy
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax


@pytest.mark.parametrize(
    ("written", "chosen"),
    [
        ("0", (0,)),
        ("0-2", (0, 1, 2)),
        ("2,0", (0, 2)),
        (["0-1", "1,3"], (0, 1, 3)),
        (4, (4,)),
        ([0, "2-3"], (0, 2, 3)),
    ],
)
def test_levels_are_numbers_lists_and_ranges(written: Any, chosen: tuple[int, ...]) -> None:
    assert levels(written) == chosen


@pytest.mark.parametrize("written", ["", "x", "-1", "1-", "2-0", "0-1-2", "1.5", True, "0-100000000"])
def test_levels_refuse_anything_else(written: Any) -> None:
    with pytest.raises(ValueError, match="takes"):
        levels(written)


@given(st.sets(st.integers(0, 255), min_size=1))
def test_levels_come_back_ascending_and_once(chosen: set[int]) -> None:
    twice = [*chosen, *chosen]
    assert levels(",".join(map(str, twice))) == tuple(sorted(chosen)) == levels(twice)


@given(st.text(max_size=12))
def test_no_text_is_taken_for_levels_that_it_does_not_say(written: str) -> None:
    try:
        chosen = levels(written)
    except ValueError:
        return
    assert all(str(level) in written or "-" in written for level in chosen)


@pytest.mark.parametrize("written", ["0.0005,0.0004", [0.0005, 0.0004], "0.0005, 0.0004"])
def test_spacing_is_row_then_column(written: Any) -> None:
    assert spacing(written) == (0.0005, 0.0004)


@pytest.mark.parametrize("written", ["0.0005", "1,2,3", "a,b", 0.5, [1], None, [True, 1]])
def test_spacing_refuses_anything_else(written: Any) -> None:
    with pytest.raises(ValueError, match="takes ROW,COL in mm"):
        spacing(written)


@pytest.mark.parametrize("written", [90, "90"])
def test_integer(written: Any) -> None:
    assert integer(written) == 90


@pytest.mark.parametrize("written", [True, 9.5, "9.5", "", "ninety", None])
def test_integer_refuses_anything_else(written: Any) -> None:
    with pytest.raises(ValueError, match="takes a whole number"):
        integer(written)


def test_terms_of_an_enumeration() -> None:
    assert one_of(UidPolicy)("fresh") is UidPolicy.FRESH
    assert one_of(Subsampling)(420) is Subsampling.YBR_420
    with pytest.raises(ValueError, match="takes deterministic, fresh, not 'random'"):
        one_of(UidPolicy)("random")


def test_transfer_syntaxes_have_the_names_of_wsi_dicom() -> None:
    assert transfer_syntax("htj2k-lossless-rpcl") is TransferSyntax.HTJ2K_LOSSLESS_RPCL
    with pytest.raises(ValueError, match=r"takes .*jpeg-baseline8-bit.*, not 'jpeg'"):
        transfer_syntax("jpeg")


def test_texts_and_switches() -> None:
    assert texts("a") == ("a",)
    assert texts(["a", "b"]) == ("a", "b")
    assert switch(True) is True
    with pytest.raises(ValueError, match="takes true or false, not 'yes'"):
        switch("yes")
    with pytest.raises(ValueError, match="takes text, not 3"):
        text(3)


@pytest.mark.parametrize(("written", "taken"), [("40", 40.0), ("40.5", 40.5), (40, 40.0), (1.5, 1.5), ("1e2", 100.0)])
def test_numbers_may_have_a_fraction(written: Any, taken: float) -> None:
    assert number(written) == taken


@pytest.mark.parametrize("written", ["", "x", "nan", "inf", True, None, [40], "40 dB"])
def test_numbers_refuse_anything_else(written: Any) -> None:
    with pytest.raises(ValueError, match="takes a number"):
        number(written)


def test_syntaxes_that_are_only_passed_on_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match=r"takes jpeg-baseline8-bit, .*not 'jpeg-lossless'"):
        transfer_syntax("jpeg-lossless")
