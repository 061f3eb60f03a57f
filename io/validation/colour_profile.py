"""The ICC profile of an optical path (PS3.3 C.8.12.5.1.4, C.11.15.1.1)."""

from collections.abc import Iterator

from pydicom import Dataset

from pipeline.io.validation.attributes import items, octets, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule

_HEADER_BYTES = 128
_ENTRY_BYTES = 12
_CONNECTION_SPACES = (b"XYZ ", b"Lab ")


def present(instance: Instance) -> Iterator[Fault]:
    """Find colour without a profile."""
    if text(instance.header, "PhotometricInterpretation") in ("", "MONOCHROME2", "MONOCHROME1"):
        return
    for place, path in enumerate(items(instance.header, "OpticalPathSequence")):
        if not octets(path, "ICCProfile"):
            yield Fault(f"item {place} of Optical Path Sequence has no ICC Profile, and pixels are in colour")


def whole(instance: Instance) -> Iterator[Fault]:
    """Find profiles that are none, are cut short, or have tags beyond their end."""
    for place, profile in _profiles(instance):
        size = int.from_bytes(profile[:4], "big")
        if len(profile) < _HEADER_BYTES + 4 or profile[36:40] != b"acsp":
            yield Fault(f"the ICC profile of path {place} has no header of a profile")
        elif not size <= len(profile) <= size + size % 2:
            yield Fault(f"the ICC profile of path {place} has {len(profile)} bytes and says that it has {size}")
        elif not _tags_inside(profile, size):
            yield Fault(f"the ICC profile of path {place} has tags beyond its end")


def input_class(instance: Instance) -> Iterator[Fault]:
    """Find profiles of other devices."""
    for place, profile in _profiles(instance):
        if profile[36:40] == b"acsp" and profile[12:16] != b"scnr":
            yield Fault(f"the ICC profile of path {place} is of class {_name(profile[12:16])}, not scnr (input device)")


def colour_space(instance: Instance) -> Iterator[Fault]:
    """Find profiles of other colours."""
    for place, profile in _profiles(instance):
        if profile[36:40] != b"acsp":
            continue
        if profile[16:20] != b"RGB ":
            yield Fault(f"the ICC profile of path {place} is for {_name(profile[16:20])}, not RGB")
        elif profile[20:24] not in _CONNECTION_SPACES:
            yield Fault(f"the ICC profile of path {place} connects to {_name(profile[20:24])}, neither XYZ nor Lab")


def _profiles(instance: Instance) -> Iterator[tuple[int, bytes]]:
    found: tuple[Dataset, ...] = items(instance.header, "OpticalPathSequence")
    for place, path in enumerate(found):
        if profile := octets(path, "ICCProfile"):
            yield place, profile


def _tags_inside(profile: bytes, size: int) -> bool:
    count = int.from_bytes(profile[_HEADER_BYTES : _HEADER_BYTES + 4], "big")
    table = _HEADER_BYTES + 4
    if table + _ENTRY_BYTES * count > size:
        return False
    entries = (profile[table + _ENTRY_BYTES * n : table + _ENTRY_BYTES * (n + 1)] for n in range(count))
    return all(int.from_bytes(e[4:8], "big") + int.from_bytes(e[8:12], "big") <= size for e in entries)


def _name(signature: bytes) -> str:
    return repr(signature.decode("latin-1").strip())


RULES = (
    Rule(
        "icc.present",
        Severity.ERROR,
        "PS3.3 C.8.12.5",
        "Optical paths of colour images have an ICC profile.",
        present,
    ),
    Rule(
        "icc.whole",
        Severity.ERROR,
        "PS3.3 C.11.15.1.1",
        "The ICC profile has a header, the length that it says, and its tags within.",
        whole,
    ),
    Rule(
        "icc.class",
        Severity.ERROR,
        "PS3.3 C.11.15.1.1",
        "The ICC profile is of the input device class, scnr.",
        input_class,
    ),
    Rule(
        "icc.colour-space",
        Severity.ERROR,
        "PS3.3 C.11.15.1.1",
        "The ICC profile is for RGB and connects to XYZ or Lab.",
        colour_space,
    ),
)
