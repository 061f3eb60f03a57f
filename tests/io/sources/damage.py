"""Damage to small TIFF files, and what must come of it: an error of ours, or pixels, in bounded memory."""

import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.io.planning import plan_slide
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput
from pipeline.model.source import SourceImage

BYTE, ASCII, SHORT, LONG, FLOAT, LONG8 = 1, 2, 3, 4, 11, 16
_MOST_MEMORY = 1 << 30
"""Bytes of address space that reading a small damaged file may take on top."""
_MOST_TILES = 8
_MOST_PLANES = 4
_EDGE = 64


def set_tag(
    data: bytes, code: int, *, value: bytes | None = None, dtype: int | None = None, count: int | None = None
) -> bytes:
    """Change an entry of the first directory of a little-endian classic TIFF (TIFF 6.0 section 2)."""
    changed = bytearray(data)
    directory = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, directory)[0]
    for place in range(directory + 2, directory + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", data, place)[0] == code:
            if dtype is not None:
                struct.pack_into("<H", changed, place + 2, dtype)
            if count is not None:
                struct.pack_into("<I", changed, place + 4, count)
            if value is not None:
                changed[place + 8 : place + 12] = value.ljust(4, b"\0")
            return bytes(changed)
    raise KeyError(code)


def set_big_tag(data: bytes, code: int, value: int) -> bytes:
    """Make an entry of the first directory of a little-endian BigTIFF one number of 64 bits."""
    changed = bytearray(data)
    directory = struct.unpack_from("<Q", data, 8)[0]
    entries = struct.unpack_from("<Q", data, directory)[0]
    for place in range(directory + 8, directory + 8 + 20 * entries, 20):
        if struct.unpack_from("<H", data, place)[0] == code:
            struct.pack_into("<HHQQ", changed, place, code, LONG8, 1, value)
            return bytes(changed)
    raise KeyError(code)


def flip_bytes(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    """Change single bytes: (place, bits to turn)."""
    changed = bytearray(data)
    for place, bits in changes:
        changed[place % len(changed)] ^= bits
    return bytes(changed)


@contextmanager
def bounded_memory(most: int = _MOST_MEMORY) -> Iterator[None]:
    """Let allocations fail that go far beyond what a small file can hold: so many bytes of address space on top."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def read_all(path: Path) -> SlidebeamError | None:
    """Open, plan and read a slide; return our error if there was one. Any other error is raised."""
    config = ConversionConfig(output="out", research_placeholder=True, source_pixel_spacing_mm=(0.0005, 0.0005))
    try:
        with bounded_memory(), open_source(str(path)) as source:
            plan = plan_slide(source, SlideInput(uri=str(path), slide_id=path.name), config)
            source.fingerprint()
            for index in dict.fromkeys(instance.image for instance in plan.instances):
                image = source.describe().images[index]
                for plane in _some(image.planes, _MOST_PLANES):
                    _read_plane(source, image, plane)
    except SlidebeamError as error:
        return error
    return None


def _read_plane(source: SlideSource, image: SourceImage, plane: int) -> None:
    """Read some tiles of a plane, and two corners of it."""
    for frame in _some(image.grid.frames, _MOST_TILES):
        if image.lossless_frames:
            source.read_tiles(image.index, frame, 1, plane)
        source.read_pixels(image.index, frame, 1, plane)
    columns, rows = min(image.grid.columns, _EDGE), min(image.grid.rows, _EDGE)
    source.read_region(image.index, 0, 0, columns, rows, plane)
    corner = image.grid.columns - columns, image.grid.rows - rows
    source.read_region(image.index, *corner, columns, rows, plane)


def _some(count: int, most: int) -> list[int]:
    """Return numbers below a count: the first ones and the last."""
    return [*range(min(count, most - 1)), *([count - 1] if count >= most else [])]
