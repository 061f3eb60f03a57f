"""Focal planes that OpenSlide leaves out without a word: slides that have them are refused by name."""

import sqlite3
import struct
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from pipeline.io.sources.mirax import check_focal_planes
from pipeline.model.errors import SourceError

_PLANES_AT = 16
"""Byte of the focal planes in the Header of a Sakura slide (OpenSlide's description of the Sakura format)."""


def check_planes(path: Path, vendor: str, properties: Mapping[str, str]) -> None:
    """Raise SourceError for a slide with several focal planes."""
    if vendor == "mirax":
        check_focal_planes(path, properties)
    planes = 1
    if vendor == "hamamatsu":
        layers = properties.get("hamamatsu.NoLayers", "1").strip()
        planes = int(layers) if layers.isdecimal() else 1
    elif vendor == "sakura":
        planes = _sakura_planes(path)
    if planes > 1:
        raise SourceError(
            f"{path}: it has {planes} focal planes, of which OpenSlide reads one; export the one of best focus and "
            "convert that",
            uri=str(path),
        )


def _sakura_planes(path: Path) -> int:
    try:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
        try:
            (table,) = database.execute("SELECT TableName FROM DataManagerSQLiteConfigXPO").fetchone()
            name = str(table).replace('"', '""')
            (header,) = database.execute(f"SELECT data FROM \"{name}\" WHERE id = 'Header'").fetchone()  # noqa: S608 - a table's name is no parameter; it is quoted
            planes: int = struct.unpack_from("<I", header, _PLANES_AT)[0]
        finally:
            database.close()
    except (sqlite3.Error, TypeError, ValueError, struct.error) as error:
        raise SourceError(f"{path}: its header cannot be read ({error})", uri=str(path)) from error
    return planes
