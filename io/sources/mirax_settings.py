"""Limits of Slidedat.ini and of the index of a MIRAX, held before OpenSlide sees them.

OpenSlide takes sizes and counts at their word: what is too large for memory ends the process, and a list of pages that
leads in a circle is followed for ever. The limits are far beyond what scanners write.
"""

import math
import struct
from pathlib import Path
from typing import BinaryIO

from pipeline.io.sources.ini import Settings, read_settings
from pipeline.model.errors import SourceError

_MOST_IMAGES, _MOST_LEVELS, _MOST_DIVISIONS, _MOST_RECORDS = 1 << 24, 64, 64, 1 << 12
_LARGEST_IMAGE, _LARGEST_LEVEL = 1 << 13, 1 << 31
_VERSION_BYTES = 5


def check_mirax(path: Path) -> None:
    """Raise SourceError for settings or an index that OpenSlide must not be given."""
    folder = path.with_suffix("")
    if not (folder / "Slidedat.ini").is_file():
        raise SourceError(f"{path}: there is no {folder.name}/Slidedat.ini beside it; fetch its folder", uri=str(path))
    settings = read_settings(folder / "Slidedat.ini", str(path))
    levels = _check_sizes(settings)
    files = settings.count("DATAFILE", "FILE_COUNT", _MOST_RECORDS)
    largest = max((_size(folder / settings.text("DATAFILE", f"FILE_{n}")) for n in range(files)), default=0)
    groups = settings.count("HIERARCHICAL", "NONHIER_COUNT", _MOST_RECORDS)
    pictures = sum(settings.count("HIERARCHICAL", f"NONHIER_{n}_COUNT", _MOST_RECORDS) for n in range(groups))
    if pictures > _MOST_RECORDS:
        raise settings.refuse(f"{pictures} pictures are too many")
    index = folder / settings.text("HIERARCHICAL", "INDEXFILE")
    start = _VERSION_BYTES + len(settings.text("GENERAL", "SLIDE_ID").encode())
    try:
        with index.open("rb") as file:
            _check_index(file, start, levels, pictures, largest)
    except (OSError, ValueError, struct.error) as error:
        raise SourceError(f"{path}: {index.name} cannot be read as an index: {error}", uri=str(path)) from error


def _check_sizes(settings: Settings) -> int:
    """Return the number of levels."""
    images = [settings.count("GENERAL", f"IMAGENUMBER_{axis}", _MOST_IMAGES, 1) for axis in "XY"]
    if math.prod(images) > _MOST_IMAGES:
        raise settings.refuse(f"{images[0]} x {images[1]} images are too many")
    divisions = 1
    if settings.has("GENERAL", "CameraImageDivisionsPerSide"):
        divisions = settings.count("GENERAL", "CameraImageDivisionsPerSide", min(_MOST_DIVISIONS, *images), 1)
    levels = settings.count("HIERARCHICAL", "HIER_0_COUNT", _MOST_LEVELS, 1)
    settings.count("HIERARCHICAL", "HIER_COUNT", _MOST_RECORDS, 1)
    for level in range(levels):
        section = settings.text("HIERARCHICAL", f"HIER_0_VAL_{level}_SECTION")
        for axis, edge, number in zip("XY", ("WIDTH", "HEIGHT"), images, strict=True):
            size = settings.count(section, f"DIGITIZER_{edge}", _LARGEST_IMAGE, 1)
            if size * number >= _LARGEST_LEVEL:
                raise settings.refuse(f"{number} images of {size} pixels are too many")
            overlap = settings.number(section, f"OVERLAP_{axis}")
            if not 0 <= overlap < size * divisions:
                raise settings.refuse(f"images of {size} pixels cannot overlap by {overlap:g}")
    return levels


def _check_index(file: BinaryIO, start: int, levels: int, pictures: int, largest: int) -> None:
    roots = _numbers(file, start, 2)
    for page in _numbers(file, roots[0], levels):
        _check_pages(file, page)
    for page in _numbers(file, roots[1], pictures):
        following = _numbers(file, page, 2)[1] if page > 0 else 0
        if following > 0:
            _, _, _, _, offset, length, _ = _numbers(file, following, 7)
            if offset < 0 or not 0 <= length <= largest:
                raise ValueError(f"a picture of {length} bytes at byte {offset}, and files of {largest}")


def _check_pages(file: BinaryIO, page: int) -> None:
    """Follow a list of pages; ValueError when it leads in a circle."""
    seen = set()
    while page > 0:
        if page in seen:
            raise ValueError(f"its pages lead back to byte {page}")
        seen.add(page)
        _, page = _numbers(file, page, 2)


def _numbers(file: BinaryIO, offset: int, count: int) -> tuple[int, ...]:
    file.seek(offset)
    return struct.unpack(f"<{count}i", file.read(4 * count))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
