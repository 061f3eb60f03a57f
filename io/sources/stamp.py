"""What a slide's files say of themselves without being opened: their bytes, and a stamp of this writing of them.

Size and time of modification, or size and generation (ETag) in a store of objects, of every file that belongs to the
slide. Where that cannot be listed, as with the files of one DICOM series among others, there is no stamp, and only
opening the slide tells.
"""

import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipeline.io.sources.object_slides import slide_objects
from pipeline.io.sources.scenes import split_scene
from pipeline.io.sources.suffixes import data_folder, is_one_file, is_told_by_content
from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.bucket import ObjectFacts
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput

_LOOKS_AT_ONCE = 32


def stamped(slide: SlideInput) -> SlideInput:
    """Return the slide with the bytes and the stamp of its files; as it is where they cannot be listed."""
    if slide.stamp:
        return slide
    uri = split_scene(slide.uri)[0]
    try:
        found = sorted(_objects(uri) if is_address(uri) else _files(Path(uri)))
    except (OSError, SlidebeamError):
        return slide  # opening it will say why, and fail this slide alone
    return replace(slide, bytes=sum(size for _, size, _ in found), stamp=_stamp(found))


def all_stamped(slides: Sequence[SlideInput]) -> list[SlideInput]:
    """Return slides with bytes and stamps, in their order. Those of a manifest may take a request each."""
    with ThreadPoolExecutor(_LOOKS_AT_ONCE) as looking:
        return list(looking.map(stamped, slides))


def object_stamp(facts: ObjectFacts) -> str:
    """Return the stamp of a slide of one object."""
    return _stamp([(facts.key, facts.bytes, facts.stamp)])


def _objects(uri: str) -> list[tuple[str, int, str]]:
    bucket, key = open_bucket(uri), split_address(uri).key
    if is_told_by_content(key):
        return []
    # As a glob and a notification see it: one object, whatever else has its name with another suffix.
    alone = bucket.facts(key) if is_one_file(key) else None
    found = slide_objects(bucket, key) if alone is None else [alone]
    return [(facts.key, facts.bytes, facts.stamp) for facts in found]


def _files(path: Path) -> list[tuple[str, int, str]]:
    if path.is_file() and is_told_by_content(path.name):
        return []
    facts = ((file.name, file.stat()) for file in _paths(path))
    return [(name, found.st_size, str(found.st_mtime_ns)) for name, found in facts]


def _paths(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    beside = path if path.is_dir() else data_folder(path)
    if beside is not None:
        yield from (file for file in beside.rglob("*") if file.is_file())
    full = path.with_suffix(".Full")  # Trestle's overview: what else it has beside is named like the slide
    if full.is_file():
        yield full
        yield from path.parent.glob(f"{glob.escape(path.name)}-*b")


def _stamp(found: Sequence[tuple[str, int, str]]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for name, size, written in found:
        digest.update(os.fsencode(name) + f"\0{size}\0{written}\0".encode())
    return digest.hexdigest() if found else ""
