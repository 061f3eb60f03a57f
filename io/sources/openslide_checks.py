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

_VMS_SECTIONS = {".vms": "Virtual Microscope Specimen", ".vmu": "Uncompressed Virtual Microscope Specimen"}
_MOST_JPEGS = 1 << 10
_SQLITE = b"SQLite format 3\0"
_LARGEST_TILE, _LARGEST_LEVEL = 1 << 13, 1 << 31


def check_before_opening(path: Path) -> None:
    """Raise SourceError for what OpenSlide must not be given. Formats without such limits pass unseen."""
    suffix = path.suffix.lower()
    if suffix == ".mrxs":
        check_mirax(path)
    elif suffix in _VMS_SECTIONS:
        _check_hamamatsu(path, _VMS_SECTIONS[suffix])
    elif _begins_with(path, _SQLITE):
        _check_sakura(path)


def _check_hamamatsu(path: Path, section: str) -> None:
    settings = read_settings(path, str(path))
    for name in ("NoJpegColumns", "NoJpegRows"):
        if settings.has(section, name):
            settings.count(section, name, _MOST_JPEGS)
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
