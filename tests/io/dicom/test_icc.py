"""Profiles of optical paths: input class, RGB, valid, and the same bytes on every day."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from pipeline.io.dicom.icc import SRGB_PROFILE, chosen_profile, input_profile, optical_path_profile
from pipeline.model.colour_choice import IccChoice, IccPolicy
from pipeline.model.errors import ConfigError, SourceError

DISPLAY = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def through(profile: bytes, pixels: np.ndarray) -> np.ndarray:
    """Return the pixels as Pillow's sRGB, taken through the profile with LittleCMS."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(
        Image.fromarray(pixels), source, target, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    assert image is not None
    return np.asarray(image).astype(int)


def changed(profile: bytes, at: int, value: bytes) -> bytes:
    """Return the profile with other bytes at a place."""
    return profile[:at] + value + profile[at + len(value) :]


def test_the_built_profile_is_srgb() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    assert np.abs(through(SRGB_PROFILE, pixels) - pixels).max() <= 1


def test_the_built_profile_is_an_input_profile_of_a_fixed_date() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(SRGB_PROFILE)).profile
    assert profile.device_class == "scnr"
    assert (profile.xcolor_space.strip(), profile.connection_space.strip()) == ("RGB", "XYZ")
    assert profile.profile_description == "sRGB IEC61966-2.1"
    assert profile.creation_date is not None
    assert struct.unpack(">6H", SRGB_PROFILE[24:36]) == (2026, 2, 1, 0, 0, 0)


def test_no_profile_gives_srgb_without_a_word() -> None:
    assert optical_path_profile(b"") == (SRGB_PROFILE, "srgb", ())


def test_a_display_profile_becomes_an_input_profile_with_the_same_tags() -> None:
    with_id = changed(DISPLAY, 84, b"0123456789abcdef")
    stored, source, warnings = optical_path_profile(with_id)
    assert source == "source"
    assert stored[12:16] == b"scnr"
    assert stored[84:100] == bytes(16)
    assert stored[128:] == DISPLAY[128:]
    assert len(warnings) == 1
    assert "mntr" in warnings[0]
    pixels = np.random.default_rng(2).integers(0, 256, (16, 16, 3), np.uint8)
    assert np.array_equal(through(stored, pixels), through(DISPLAY, pixels))


def test_an_input_profile_is_stored_as_it_is() -> None:
    assert optical_path_profile(SRGB_PROFILE) == (SRGB_PROFILE, "source", ())


def test_bytes_behind_the_profile_are_cut() -> None:
    assert optical_path_profile(SRGB_PROFILE + b"\0\0\0") == (SRGB_PROFILE, "source", ())


@pytest.mark.parametrize(
    ("profile", "cause"),
    [
        (b"no profile at all", "no header"),
        (DISPLAY[:-4], "cut short"),
        (LAB, "colour space Lab"),
        (changed(SRGB_PROFILE, 16, b"GRAY"), "colour space GRAY"),
        (changed(SRGB_PROFILE, 12, b"prtr"), "class prtr"),
        (changed(SRGB_PROFILE, 20, b"RGB "), "connection space RGB"),
        (changed(SRGB_PROFILE, 128, b"\0\0\xff\xff"), "tags beyond its end"),
        (changed(SRGB_PROFILE, 132 + 4, b"\0\xff\0\0"), "tags beyond its end"),
        (changed(SRGB_PROFILE, 128, b"\0\0\0\x03"), "neither a matrix"),
    ],
)
def test_what_cannot_describe_the_pixels_is_replaced_with_a_warning(profile: bytes, cause: str) -> None:
    stored, source, warnings = optical_path_profile(profile)
    assert (stored, source) == (SRGB_PROFILE, "srgb")
    assert len(warnings) == 1
    assert cause in warnings[0]


@given(st.binary(max_size=300), st.integers(0, 1000))
def test_any_bytes_give_an_input_profile(data: bytes, at: int) -> None:
    for profile in (data, changed(DISPLAY, at, data)[: len(DISPLAY)]):
        stored, _, _ = optical_path_profile(profile)
        assert stored[12:16] == b"scnr"
        assert len(stored) == int.from_bytes(stored[:4], "big")


def test_the_slide_s_profile_or_srgb_is_what_nobody_has_to_ask_for() -> None:
    assert chosen_profile(IccChoice(), DISPLAY) == optical_path_profile(DISPLAY)
    assert chosen_profile(IccChoice(), b"") == (SRGB_PROFILE, "srgb", ())


@pytest.mark.parametrize(("profile", "cause"), [(b"", "the slide has no ICC profile"), (LAB, "colour space Lab")])
def test_a_slide_without_a_profile_fails_where_one_is_required(profile: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        chosen_profile(IccChoice(IccPolicy.REQUIRE_SOURCE), profile)
    stored, source, _ = chosen_profile(IccChoice(IccPolicy.REQUIRE_SOURCE), DISPLAY)
    assert (stored[12:16], source) == (b"scnr", "source")


def test_leaving_the_profile_out_says_what_breaks() -> None:
    stored, source, (warning,) = chosen_profile(IccChoice(IccPolicy.OMIT), DISPLAY)
    assert (stored, source) == (b"", "omitted")
    assert "type 1C, PS3.3 C.8.12.5" in warning


def test_a_given_profile_beats_the_slide_s() -> None:
    choice = IccChoice(IccPolicy.FILE, input_profile(DISPLAY, "mine.icc"))
    assert choice.profile[12:16] == b"scnr"
    assert chosen_profile(choice, b"") == (choice.profile, "file", ())
    assert len(chosen_profile(choice, SRGB_PROFILE)[2]) == 1


def test_a_given_profile_that_cannot_describe_the_pixels_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mine\.icc is for the colour space Lab, not RGB"):
        input_profile(LAB, "mine.icc")
    with pytest.raises(ConfigError, match="has no header"):
        input_profile(b"", "mine.icc")
