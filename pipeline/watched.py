"""What is new in watched folders and prefixes, and complete.

A look lists what is there with the stamps of its files (size and time, or size and generation). A slide is complete
when two looks, one interval apart, see the same stamp: who copies a slide writes to it in between. A slide that was
taken is not taken again until its files are other ones; whether it was converted before the process began, its state
record tells (`pipeline.io.publishing.action`), so that each is converted exactly once.
"""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from pipeline.input_checks import check_places
from pipeline.inputs import listed, matches
from pipeline.io.sources.stamp import stamped
from pipeline.io.storage.address import Address, is_address, split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.object_inputs import is_glob, matching_objects
from pipeline.slide_names import SlideNames

SLIDE_SUFFIXES = frozenset(
    (
        *(".svs", ".tif", ".tiff", ".ndpi", ".scn", ".bif", ".czi", ".vsi", ".qptiff", ".isyntax", ".dcm"),
        *(".mrxs", ".svslide", ".vms", ".vmu"),
    )
)
"""What is taken for a slide in a folder that is watched as a whole; a glob takes all that it matches."""


class WatchedInputs:
    """Folders, prefixes and globs that are looked at again and again. All is remembered by the slides' URIs."""

    def __init__(self, patterns: Sequence[str], output: str) -> None:
        """Raise ConfigError for a path that is not there, and no glob."""
        for pattern in patterns:
            if not (is_address(pattern) or glob.has_magic(pattern) or os.path.exists(pattern)):
                raise ConfigError(f"--input {pattern}: there is no such folder to watch")
        self._patterns = patterns
        self._output = output
        self._names = SlideNames()
        self._named: dict[str, str] = {}
        """Slides whose names were looked at, and what is wrong with them; empty: nothing."""
        self._looks: dict[str, str] = {}
        """Stamps of the last look."""
        self._taken: dict[str, str] = {}
        """Stamps of slides when they were taken."""

    def new_slides(self) -> tuple[list[SlideInput], list[str]]:
        """Look; return the slides that are new and complete, by name, and what is wrong with others, told once.

        Slides are new until they are taken. Raises StorageError when a bucket cannot be reached.
        """
        found = [stamped(slide) for pattern in self._patterns for slide in _found(pattern, self._output)]
        before = self._looks
        self._looks = {slide.uri: slide.stamp or _written(slide) for slide in found}
        self._taken = {uri: stamp for uri, stamp in self._taken.items() if uri in self._looks}
        complete = [
            slide
            for slide in {slide.uri: slide for slide in found}.values()
            if before.get(slide.uri) == self._looks[slide.uri] != self._taken.get(slide.uri)
        ]
        refusals = [refusal for slide in complete if (refusal := self._first_refusal(slide))]
        ready = [slide for slide in complete if not self._named[slide.uri]]
        return sorted(ready, key=lambda slide: slide.slide_id), refusals

    def take(self, slides: Iterable[SlideInput]) -> None:
        """Note that slides of the last look were converted, or failed."""
        self._taken |= {slide.uri: self._looks[slide.uri] for slide in slides}

    def _first_refusal(self, slide: SlideInput) -> str:
        """Return what is wrong with a slide's name or place, the first time."""
        if slide.uri in self._named:
            return ""
        try:
            check_places([slide], self._output)
            self._names.add(slide)
            self._named[slide.uri] = ""
        except ConfigError as error:
            self._named[slide.uri] = error.message
        return self._named[slide.uri]


def _found(pattern: str, output: str) -> Iterator[SlideInput]:
    """Yield what a folder, a prefix or a glob holds now; that may be nothing."""
    if is_address(pattern):
        address = split_address(pattern)
        wild = is_glob(address.key)
        below = address if wild else Address(address.scheme, address.bucket, f"{address.key}/**".lstrip("/"))
        slides = matching_objects(open_bucket(pattern), below, output)
        yield from (slide for slide in slides if wild or _is_slide(slide.uri))
    elif Path(pattern).is_dir():
        slides = matches(os.path.join(pattern, "**", "*"), output)
        yield from (slide for slide in slides if _is_slide(slide.uri) or Path(slide.uri).is_dir())
    elif Path(pattern).exists():
        yield from listed([pattern], output)
    elif glob.has_magic(pattern):
        yield from matches(pattern, output)


def _is_slide(uri: str) -> bool:
    return PurePosixPath(uri).suffix.lower() in SLIDE_SUFFIXES


def _written(slide: SlideInput) -> str:
    """Return a stamp of the file alone that names a slide of several."""
    try:
        found = os.stat(slide.uri)
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"
