"""The files that make a slide of OpenSlide's formats, and a digest of them.

All of a small file counts, and samples of a large one. The MIRAX index counts whole, whatever its size: it says where
each tile is. So do the pixels of label, overview and thumbnail: who blanks a label in place need not touch a sample.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.mirax import data_folder

_PIECE = 1 << 20
_WHOLE_NAMES = {"index.dat", "slidedat.ini"}


def slide_files(path: Path, vendor: str, properties: Mapping[str, str]) -> list[Path]:
    """Return the slide's file, and those that it needs beside it, in an order of their own."""
    found: Iterable[Path] = ()
    if vendor == "mirax":
        found = (file for file in data_folder(path).rglob("*") if file.is_file())
    elif vendor == "hamamatsu" and path.suffix.lower() in (".vms", ".vmu"):
        named = (value for name, value in properties.items() if _names_a_file(name))
        found = (path.parent / value.strip() for value in named if value.strip())
    elif vendor == "trestle":
        found = (file for file in path.parent.iterdir() if _belongs_to_trestle(file, path))
    return [path, *sorted({file for file in found if file.is_file()} - {path})]


def digest(files: list[Path], pictures: Iterable[tuple[str, bytes]]) -> str:
    """Return a digest of the files, and of named pictures. Raises OSError."""
    whole = hashlib.blake2b(files_fingerprint(files).encode(), digest_size=16)
    for file in files:
        if file.name.lower() in _WHOLE_NAMES:
            with file.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    whole.update(piece)
    for name, data in pictures:
        whole.update(name.encode())
        whole.update(data)
    return whole.hexdigest()


def _names_a_file(name: str) -> bool:
    kind = name.removeprefix("hamamatsu.")
    return kind.startswith("ImageFile") or kind in ("MapFile", "MacroImage", "OptimisationFile")


def _belongs_to_trestle(file: Path, slide: Path) -> bool:
    return file.name == f"{slide.stem}.Full" or (file.name.startswith(f"{slide.name}-") and file.name.endswith("b"))
