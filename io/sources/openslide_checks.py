"""What is looked at before OpenSlide opens a file: focal planes that it leaves out, and sizes that end the process.

OpenSlide reads one focal plane and does not tell of others: slides that have them are refused by name. It takes counts
at their word, and ends the process where memory does not suffice.
"""

import sqlite3
import struct
from pathlib import Path
from urllib.parse import quote

from pipeline.io.sources.ini import read_settings
from pipeline.io.sources.mirax_settings import check_mirax
from pipeline.model.errors import SourceError

_VMS, _VMU = "Virtual Microscope Specimen", "Uncompressed Virtual Microscope Specimen"
_VMS_SECTIONS = {".vms": _VMS, ".vmu": _VMU}
_LARGEST_VMS = 1 << 20
"""Bytes: OpenSlide takes a text far smaller than that for a VMS or VMU, whatever its name."""
_MOST_JPEGS = 1 << 10
_VMU_PIXELS = {"BitsPerPixel": "36", "PixelOrder": "RGB"}
"""All that OpenSlide reads; given anything else it ends the process instead of refusing the file."""
_SQLITE = b"SQLite format 3\0"
_LARGEST_TILE, _LARGEST_LEVEL = 1 << 13, 1 << 31


def check_before_opening(path: Path) -> None:
    """Raise SourceError for what OpenSlide must not be given. Formats without such limits pass unseen."""
    suffix = path.suffix.lower()
    if suffix == ".mrxs":
        check_mirax(path)
    elif _begins_with(path, _SQLITE):
        _check_sakura(path)
    else:
        for section in _hamamatsu_sections(path, suffix):
            _check_hamamatsu(path, section)


def _hamamatsu_sections(path: Path, suffix: str) -> list[str]:
    """Return the sections to check: the one that a suffix promises, or those that are there."""
    if suffix in _VMS_SECTIONS:
        return [_VMS_SECTIONS[suffix]]
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST_VMS else b""
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", uri=str(path)) from error
    return [section for section in (_VMS, _VMU) if f"[{section}]".encode() in data]


def _check_hamamatsu(path: Path, section: str) -> None:
    settings = read_settings(path, str(path))
    for name in ("NoJpegColumns", "NoJpegRows"):
        if settings.has(section, name):
            settings.count(section, name, _MOST_JPEGS)
    if section == _VMU:
        for name, known in _VMU_PIXELS.items():
            if (found := settings.text(section, name)) != known:
                raise settings.refuse(f"{name} is {found[:40]!r}, and can be {known}")
    _refuse_planes(path, settings.count(section, "NoLayers", 1 << 31))


def _check_sakura(path: Path) -> None:
    """Look at the Header: tile size, width, height, of which OpenSlide takes any; and focal planes."""
    try:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
        try:
            (table,) = database.execute("SELECT TableName FROM DataManagerSQLiteConfigXPO").fetchone()
            name = str(table).replace('"', '""')
            query = f"SELECT data FROM \"{name}\" WHERE id = 'Header'"  # noqa: S608 - a table's name is no parameter
            (header,) = database.execute(query).fetchone()
            tile, columns, rows, _, planes = struct.unpack_from("<5I", header)
        finally:
            database.close()
    except (sqlite3.Error, TypeError, ValueError, struct.error) as error:
        raise SourceError(f"{path}: it is no slide of Sakura, or damaged ({error})", uri=str(path)) from error
    if not 0 < tile <= _LARGEST_TILE or not 0 < max(columns, rows) < _LARGEST_LEVEL:
        raise SourceError(
            f"{path}: its header tells of {columns} x {rows} pixels in tiles of {tile}, which cannot be", uri=str(path)
        )
    _refuse_planes(path, planes)


def _refuse_planes(path: Path, planes: int) -> None:
    if planes > 1:
        raise SourceError(
            f"{path}: it has {planes} focal planes, of which OpenSlide reads one; export the one of best focus and "
            "convert that",
            uri=str(path),
        )


def _begins_with(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False
