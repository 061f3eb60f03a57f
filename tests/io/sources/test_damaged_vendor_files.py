"""Damaged files of scanners: an error of ours that names the file, or pixels; never anything else.

Damage of sizes and counts by hand is in the tests of each format; this changes bytes and numbers anywhere.
"""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.model.errors import SlidebeamError
from tests.io.sources.damage import read_all
from tests.io.sources.openslide_slides import MiraxSlide, write_sakura, write_vms
from tests.io.sources.vendor_files import BifSlide, Region, ScnSlide, write_philips, write_trestle

_ROUNDS = 30
_HEADERS = 3000
"""Bytes at the beginning of a file, where damage is likeliest to matter."""
_NUMBERS = (b"0", b"-1", b"2147483647", b"99999999999999999999", b"1e309", b"nan", b"65536", b"x")
_GLOWING = Region(
    name="f",
    columns=90,
    rows=70,
    offset_nm=(0, 1),
    channels=2,
    planes=2,
    spacing_z=500,
    illumination="fluorescence",
    samples=1,
)
_WHOLE = Region(name="b", columns=90, rows=70, offset_nm=(5, 5))
_SHARING = (0, 8, 0, 12, 4)

BUILDERS: dict[str, Callable[[Path], tuple[Path, list[Path]]]] = {
    "scn": lambda d: _alone(ScnSlide(regions=(_WHOLE, _GLOWING)).write(d / "a.scn")),
    "scn-fluorescence": lambda d: _alone(ScnSlide(regions=(_GLOWING,)).write(d / "a.scn")),
    "philips": lambda d: _alone(write_philips(d / "a.tiff")),
    "bif": lambda d: _alone(BifSlide().write(d / "a.bif")),
    "bif-stitched": lambda d: _alone(BifSlide(overlaps=_SHARING).write(d / "a.bif")),
    "bif-openslide": lambda d: _alone(BifSlide(overlaps=_SHARING, uneven=True, rightward=True).write(d / "a.bif")),
    "trestle": lambda d: _alone(write_trestle(d / "a.tif")),
    "trestle-openslide": lambda d: _alone(write_trestle(d / "a.tif", overlaps=" 8 8 8 12", missing=())),
    "mirax": lambda d: (
        MiraxSlide(missing=(0,), positions=True, focus_levels=3).write(d / "a.mrxs"),
        [d / "a" / name for name in ("Slidedat.ini", "Index.dat", "Data0000.dat")],
    ),
    "sakura": lambda d: _alone(write_sakura(d / "a.svslide")),
    "vms": lambda d: (write_vms(d / "a.vms"), [d / name for name in ("a.vms", "image.jpg", "map.jpg")]),
}
"""By name, what writes a slide: its path, and the files to damage."""


def _alone(path: Path) -> tuple[Path, list[Path]]:
    return path, [path]


@pytest.mark.parametrize("name", BUILDERS)
def test_damage_gives_an_error_or_pixels(tmp_path: Path, name: str) -> None:
    """The same damage each time: a file that fails can be built again."""
    slide, files = BUILDERS[name](tmp_path)
    assert read_all(slide) is None
    chance = random.Random(name)  # noqa: S311 - damage, and no secret
    originals = {file: file.read_bytes() for file in files}
    errors = 0
    for _ in range(_ROUNDS):
        file = chance.choice(files)
        file.write_bytes(_damaged(originals[file], chance))
        error = read_all(slide)
        file.write_bytes(originals[file])
        if error is not None:
            errors += 1
            assert isinstance(error, SlidebeamError)
            assert slide.name in str(error)
    assert errors
    assert read_all(slide) is None


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut a file, change a number that is written in it, or change some bytes."""
    kind = chance.random()
    if kind < 0.15:
        return data[: chance.randrange(len(data))]
    numbers = list(re.finditer(rb"\d+", data)) if kind < 0.45 else []
    if numbers:
        number = chance.choice(numbers)
        return data[: number.start()] + chance.choice(_NUMBERS) + data[number.end() :]
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(chance.choice((len(data), min(len(data), _HEADERS))))
        changed[place] = chance.choice((0, 255, changed[place] ^ (1 << chance.randrange(8))))
    return bytes(changed)
