"""Which slides an output holds, by their state records: on a disk or in an object store.

The output may be named, or the folder of one series in it. A slide's name may have slashes, so that the output may be
any of the folders above a series.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.bucket import Bucket
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_bucket, open_store
from pipeline.model.errors import ConfigError
from pipeline.model.state import Stage, StateRecord

_RECORDS = "_state"
_SUFFIX = ".json"
_TOP = PurePosixPath()
"""Of a bucket, or the output itself."""
_MOST_NAMES = 5
"""Of slides that an error lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedSlide:
    """A slide whose series an output holds."""

    output: str
    """Path or URI."""
    slide_id: str

    @property
    def series(self) -> str:
        """Path or URI of the folder that the files are in."""
        return f"{self.output.rstrip('/')}/{self.slide_id}"

    def store(self) -> OutputStore:
        """Return the output to read from."""
        return open_store(self.output, "")

    def record(self) -> StateRecord:
        """Read the state record. Raises ConfigError for a series that is not published to its end, StorageError."""
        text = self.store().read_record(self.slide_id)
        record = None if text is None else StateRecord.from_json(text, self.slide_id)
        if record is None or record.stage is not Stage.DONE:
            raise ConfigError(
                f"{self.series} is not finished; run its conversion again, which ends it", uri=self.series
            )
        return record


def find_converted(place: str | os.PathLike[str], slide: str = "") -> list[ConvertedSlide]:
    """Return the slides of an output, or of a folder in it, by name.

    All, or those that `slide` means: their whole name, or a part of it between slashes.

    Raises ConfigError when there is none, and StorageError.
    """
    place = os.fspath(place)
    found = next((slides for slides in _candidates(place) if slides), None)
    if found is None:
        raise ConfigError(f"{place} is no output of a conversion, nor a slide's folder in one: no _state tells of it")
    if not slide:
        return found
    wanted = slide.strip("/")
    named = [one for one in found if _means(wanted, one.slide_id)]
    if not named:
        raise ConfigError(f"{place} holds no slide {slide}; it holds {names_text(found)}")
    return named


def names_text(slides: list[ConvertedSlide]) -> str:
    """Return the names of slides for a message, the first few of many."""
    names = ", ".join(slide.slide_id for slide in slides[:_MOST_NAMES])
    rest = len(slides) - _MOST_NAMES
    return f"{names} and {rest:,} more" if rest > 0 else names


def _means(wanted: str, slide_id: str) -> bool:
    """Whether a name is a slide's, or is one or more of the names between its slashes: of a folder, a file, a scene."""
    return f"/{wanted}/" in f"/{slide_id}/"


def _candidates(place: str) -> Iterator[list[ConvertedSlide]]:
    """Yield the slides at a place for each output that it may be, or be in: itself first, then the folders above."""
    if is_address(place):
        address, bucket = split_address(place), open_bucket(place)
        key = PurePosixPath(address.key)
        for prefix in (key, *key.parents):
            output = str(address._replace(key="" if prefix == _TOP else str(prefix)))
            yield [ConvertedSlide(output=output, slide_id=name) for name in _object_names(bucket, prefix, key)]
        return
    folder = Path(place).absolute()
    if not folder.is_dir():
        raise ConfigError(f"{place} is no folder; give the output of a conversion, or a slide's folder in it")
    for root in (folder, *folder.parents):
        output = place if root == folder else str(root)
        yield [ConvertedSlide(output=output, slide_id=name) for name in _file_names(root, folder)]


def _file_names(root: Path, folder: Path) -> list[str]:
    """Return the names in an output's records that are a folder's in it, or begin with it."""
    records, inside = root / _RECORDS, folder.relative_to(root)
    own = records / f"{inside}{_SUFFIX}"
    files = [own] if own.is_file() else (records / inside).rglob(f"*{_SUFFIX}")
    return sorted(file.relative_to(records).as_posix().removesuffix(_SUFFIX) for file in files)


def _object_names(bucket: Bucket, root: PurePosixPath, key: PurePosixPath) -> list[str]:
    records, inside = f"{root / _RECORDS}/", key.relative_to(root)
    prefix = "" if inside == _TOP else str(inside)
    names = [facts.key.removeprefix(records).removesuffix(_SUFFIX) for facts in bucket.listed(records + prefix)]
    return sorted(name for name in names if not prefix or f"{name}/".startswith(f"{prefix}/"))
