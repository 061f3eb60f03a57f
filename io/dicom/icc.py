"""ICC profiles of optical paths (PS3.3 C.11.15, C.8.12.5).

An optical path's profile is that of an input device (class `scnr`). Scanners often embed a display profile (`mntr`),
whose tags mean the same when read as an input profile: device colour to connection space. So the class is changed and
the tags are kept. Anything that cannot be such a profile is replaced by sRGB, which is also what an image without a
profile gets.
"""

from pipeline.io.dicom.srgb_profile import srgb_profile
from pipeline.model.colour_choice import IccChoice, IccPolicy
from pipeline.model.errors import ConfigError, SourceError

SRGB_PROFILE = srgb_profile()

_HEADER_BYTES = 128
_CLASS = slice(12, 16)
_COLOUR_SPACE = slice(16, 20)
_CONNECTION_SPACE = slice(20, 24)
_SIGNATURE = slice(36, 40)
_PROFILE_ID = slice(84, 100)
_MATRIX_TAGS = frozenset((b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"))


def chosen_profile(choice: IccChoice, source: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    """Return (profile to store, where it is from, warnings) for a colour slide with the profile `source`, maybe empty.

    Where it is from: `source`, `srgb`, `file` or `omitted`, and the profile is empty then. Raises SourceError where
    the slide's profile is required and there is none that can be stored.
    """
    if choice.policy is IccPolicy.FILE:
        beaten = ("the given ICC profile is stored, not the slide's own",) if source else ()
        return choice.profile, "file", beaten
    if choice.policy is IccPolicy.OMIT:
        return (
            b"",
            "omitted",
            (
                "no ICC profile is written: ICCProfile is required of colour images (type 1C, PS3.3 C.8.12.5), so "
                "stores and validators may refuse them, and viewers guess at the colours",
            ),
        )
    profile, origin, warnings = optical_path_profile(source)
    if choice.policy is IccPolicy.REQUIRE_SOURCE and origin != "source":
        cause = warnings[0].partition(";")[0] if warnings else "the slide has no ICC profile"
        raise SourceError(f"{cause}; --icc source-or-srgb stores sRGB, --icc file:PATH one that you have")
    return profile, origin, warnings


def input_profile(profile: bytes, origin: str) -> bytes:
    """Return a profile that the user gives as it is stored; ConfigError says what is wrong with that of `origin`."""
    profile = profile[: int.from_bytes(profile[:4], "big")]
    objection = objection_to(profile)
    if objection:
        raise ConfigError(f"{origin} {objection}; --icc takes an RGB profile of an input or display device")
    return _as_input(profile)


def optical_path_profile(profile: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    """Return (profile to store, `source` or `srgb`, warnings) for a colour slide's profile; empty: it has none.

    A changed class makes the profile ID, a digest, wrong; zeros say that it was not computed (ICC.1 7.2.18).
    """
    if not profile:
        return SRGB_PROFILE, "srgb", ()
    profile = profile[: int.from_bytes(profile[:4], "big")]
    objection = objection_to(profile)
    if objection:
        return SRGB_PROFILE, "srgb", (f"the slide's ICC profile {objection}; sRGB is stored instead",)
    if profile[_CLASS] == b"scnr":
        return profile, "source", ()
    warning = (
        "the slide's ICC profile is of class mntr (display); "
        "it is stored as scnr (input), with the same tags (PS3.3 C.11.15.1.1)"
    )
    return _as_input(profile), "source", (warning,)


def _as_input(profile: bytes) -> bytes:
    """Return the profile with the class of an input device; its tags stay."""
    if profile[_CLASS] == b"scnr":
        return profile
    changed = bytearray(profile)
    changed[_CLASS] = b"scnr"
    changed[_PROFILE_ID] = bytes(16)
    return bytes(changed)


def objection_to(profile: bytes) -> str:
    """Return why this is no RGB profile that can describe an input device, empty if it is one."""
    if len(profile) < _HEADER_BYTES + 4 or profile[_SIGNATURE] != b"acsp":
        return "has no header of an ICC profile"
    if len(profile) != int.from_bytes(profile[:4], "big"):
        return f"is cut short: it has {len(profile)} of {int.from_bytes(profile[:4], 'big')} bytes"
    if profile[_COLOUR_SPACE] != b"RGB ":
        return f"is for the colour space {_name(profile[_COLOUR_SPACE])}, not RGB"
    if profile[_CLASS] not in (b"scnr", b"mntr"):
        return f"is of class {_name(profile[_CLASS])}, neither input (scnr) nor display (mntr)"
    if profile[_CONNECTION_SPACE] not in (b"XYZ ", b"Lab "):
        return f"has the connection space {_name(profile[_CONNECTION_SPACE])}, neither XYZ nor Lab"
    tags = _tags(profile)
    if tags is None:
        return "has tags beyond its end"
    if not tags >= _MATRIX_TAGS and b"A2B0" not in tags:
        return "has neither a matrix with curves nor a table (A2B0)"
    return ""


def _tags(profile: bytes) -> frozenset[bytes] | None:
    """Return the signatures of the tag table, None when an entry or its data lies outside of the profile."""
    end = _HEADER_BYTES + 4 + 12 * int.from_bytes(profile[128:132], "big")
    if end > len(profile):
        return None
    entries = [profile[at : at + 12] for at in range(_HEADER_BYTES + 4, end, 12)]
    if any(int.from_bytes(e[4:8], "big") + int.from_bytes(e[8:12], "big") > len(profile) for e in entries):
        return None
    return frozenset(entry[:4] for entry in entries)


def _name(signature: bytes) -> str:
    return signature.decode("latin-1").strip() or "none"
