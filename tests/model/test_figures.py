"""Figures as people read them."""

import pytest

from pipeline.model.figures import bytes_text, count_text, duration_text, share_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (1_220_000_000, "1.22 GB"),
        (5e12, "5 TB"),
    ],
)
def test_bytes(count: float, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_counts() -> None:
    assert [count_text(n, "frame") for n in (0, 1, 97_200)] == ["0 frames", "1 frame", "97,200 frames"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (0.9738, "97.4%"),
        (0.99999, "99.999%"),
        (0.00004, "0.004%"),
        (1e-12, "almost 0%"),
    ],
)
def test_shares_are_all_or_nothing_only_when_they_are(share: float, text: str) -> None:
    assert share_text(share) == text
