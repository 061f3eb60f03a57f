"""The background in an image's own samples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.configs.values import background, icc
from pipeline.model.colour_choice import Background
from pipeline.model.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "samples", "bits", "expected"),
    [
        ("FF8000", 3, 8, (255, 128, 0)),
        ("ff8000", 3, 16, (65535, 32896, 0)),
        ("808080", 1, 8, (128,)),
        ("FFFFFF", 1, 12, (4095,)),
        ("200", 3, 8, (200, 200, 200)),
        (200, 1, 16, (200,)),
        ("000000", 3, 8, (0, 0, 0)),
        ("0", 1, 8, (0,)),
    ],
)
def test_a_colour_is_scaled_and_a_gray_value_is_not(
    written: str | int, samples: int, bits: int, expected: tuple[int, ...]
) -> None:
    assert background(written).samples(samples, bits) == expected


@pytest.mark.parametrize("written", ["white", "FFFF", "#FFFFFF", "65536", -1, 112233, 1.5, True, None, ""])
def test_what_is_no_colour_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="takes RRGGBB, or a gray value"):
        background(written)


def test_a_gray_value_beyond_the_bits_and_a_colour_on_gray_are_refused() -> None:
    with pytest.raises(ConfigError, match="--background 256 is beyond the 255 of 8 bits"):
        Background(gray=256).samples(1, 8)
    with pytest.raises(ConfigError, match="--background FF0000 is a colour, and the image is gray"):
        Background(colour=(255, 0, 0)).samples(1, 8)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(8, 16))
def test_samples_lie_in_the_range(colour: tuple[int, int, int], bits: int) -> None:
    samples = Background(colour=colour).samples(3, bits)
    assert all(0 <= value < 2**bits for value in samples)
    assert [value == 2**bits - 1 for value in samples] == [value == 255 for value in colour]


def test_a_policy_or_a_file_is_taken_for_icc() -> None:
    assert [icc(value) for value in ("omit", "require-source", "file:a.icc")] == [
        "omit",
        "require-source",
        "file:a.icc",
    ]
    for wrong in ("file", "file:", "srgb", 7):
        with pytest.raises(ValueError, match="or file:PATH"):
            icc(wrong)
