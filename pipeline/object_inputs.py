"""Slides in object stores: what `gs://bucket/prefix/**/*.svs` names.

An address is one slide when an object has that key, or when it is the folder of a DICOM series or of a MIRAX slide.
A glob is matched against the keys below its fixed part, as one against paths: `*` and `?` stay between slashes, `**`
takes any number of folders. Names are made as those of paths, by `pipeline.inputs`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from pipeline.io.sources.stamp import object_stamp
from pipeline.io.sources.suffixes import data_folder, is_one_file
from pipeline.io.storage.address import Address, split_address
from pipeline.io.storage.bucket import Bucket, ObjectFacts
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput

_WILD = re.compile(r"[*?\[]")
_MOST_LOOKED_AT = 1000
"""Objects of a folder that may be one slide."""


def expand_objects(pattern: str, output: str) -> Iterator[SlideInput]:
    """Yield the slides that an address or a glob names; what lies in `output` is no slide.

    Raises ConfigError when there is none, StorageError when the bucket cannot be reached.
    """
    address = split_address(pattern)
    if _WILD.search(address.bucket):
        raise ConfigError(f"--input {pattern}: a bucket is named in full; the glob may begin behind it")
    bucket = open_bucket(pattern)
    bucket.check()
    if address.key and bucket.facts(address.key) is not None:
        yield SlideInput(uri=str(address), slide_id=PurePosixPath(address.key).name)
    elif is_glob(address.key):
        found = list(matching_objects(bucket, address, output))
        if not found:
            raise ConfigError(f"--input {pattern}: no object matches (quote a glob, so that the shell leaves it alone)")
        yield from found
    else:
        yield _folder(bucket, address, pattern)


def matching_objects(bucket: Bucket, address: Address, output: str) -> Iterator[SlideInput]:
    """Yield the slides that a glob of keys names, without what lies in `output`; none where nothing matches."""
    wild = _WILD.search(address.key)
    fixed = address.key[: address.key.rfind("/", 0, wild.start() if wild else None) + 1]
    expression = re.compile(glob_expression(address.key))
    inside_output = f"{output}/" if output.startswith(f"{bucket.uri}/") or output == bucket.uri else None
    objects = [
        facts
        for facts in bucket.listed(fixed)
        if not facts.key.endswith("/") and not (inside_output and f"{bucket.uri}/{facts.key}".startswith(inside_output))
    ]
    beside = {str(folder) for facts in objects if (folder := data_folder(PurePosixPath(facts.key))) is not None}
    for facts in objects:
        if expression.fullmatch(facts.key) and not _lies_in(facts.key, beside):
            slide = SlideInput(uri=f"{bucket.uri}/{facts.key}", slide_id=_name(facts.key.removeprefix(fixed)))
            alone = is_one_file(facts.key)  # its facts need not be asked for once more
            yield replace(slide, stamp=object_stamp(facts), bytes=facts.bytes) if alone else slide


def _name(key: str) -> str:
    """Return the name of a key's slide: keys may have empty components, folders may not."""
    return "/".join(filter(None, key.split("/")))


def is_glob(key: str) -> bool:
    """Whether a key stands for several."""
    return _WILD.search(key) is not None


def glob_expression(pattern: str) -> str:
    """Return the regular expression of a glob over keys."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        closing = pattern.find("]", at + 2) if pattern[at] == "[" else -1
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            parts.append("(?:[^/]+/)*")
            at += 3
        elif pattern[at:] == "**" and (at == 0 or pattern[at - 1] == "/"):
            parts.append(".*")
            at += 2
        elif pattern[at] == "*":
            parts.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            parts.append("[^/]")
            at += 1
        elif closing > 0:
            inside = pattern[at + 1 : closing].replace("\\", r"\\").replace("[", r"\[")
            parts.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
            at = closing + 1
        else:
            parts.append(re.escape(pattern[at]))
            at += 1
    return "".join(parts)


def _lies_in(key: str, folders: set[str]) -> bool:
    return bool(folders) and any(str(parent) in folders for parent in PurePosixPath(key).parents)


def _folder(bucket: Bucket, address: Address, pattern: str) -> SlideInput:
    prefix = f"{address.key}/" if address.key else ""
    names = [facts.key.removeprefix(prefix) for facts in _first(bucket, prefix) if not facts.key.endswith("/")]
    if not names:
        raise ConfigError(f"--input {pattern}: there is no such object")
    beside = f"{address.key}.mrxs"
    if bucket.facts(beside) is not None:
        return SlideInput(uri=f"{bucket.uri}/{beside}", slide_id=PurePosixPath(beside).name)
    if not address.key or not all(name.lower().endswith(".dcm") for name in names):
        raise ConfigError(
            f"--input {pattern} is a folder, and not of one slide; --input '{address}/*' takes the slides in it"
        )
    return SlideInput(uri=str(address), slide_id=PurePosixPath(address.key).name)


def _first(bucket: Bucket, prefix: str) -> Iterator[ObjectFacts]:
    return islice(bucket.listed(prefix), _MOST_LOOKED_AT)
