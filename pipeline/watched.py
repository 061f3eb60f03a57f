"""What is new in watched folders and prefixes, and complete.

A look lists what is there with the stamps of its files (size and time, or size and generation). A slide is complete
when two looks, one interval apart, see the same stamp: who copies a slide writes to it in between. A slide that was
taken is not taken again until its files are other ones; whether it was converted before the process began, its state
record tells (`pipeline.io.publishing.action`), so that each is converted exactly once.

An object shows up when its upload is over, and not before, so that two looks say nothing of those that are still to
come. Of buckets only slides are taken whose files are known by name, each with its stamp: of one object, and MIRAX and
VSI with all in their folder, where the file that names the slide is to be uploaded last. DICOM, VMS and VMU, whose
files only their content tells, are left alone there.
"""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.input_checks import check_places
from pipeline.inputs import listed, matches, slides_below
from pipeline.io.sources.stamp import stamped
from pipeline.io.sources.suffixes import is_slide_name, is_told_by_content
from pipeline.io.storage.address import Address, is_address, split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.object_inputs import is_glob, matching_objects
from pipeline.slide_names import SlideNames


class WatchedInputs:
    """Folders, prefixes and globs that are looked at again and again. All is remembered by the slides' URIs."""

    def __init__(self, patterns: Sequence[str], output: str) -> None:
        """Raise ConfigError for a path that is not there, and no glob, and for a glob of what a bucket hides."""
        for pattern in patterns:
            if is_address(pattern):
                _check_address(pattern)
            elif not (glob.has_magic(pattern) or os.path.exists(pattern)):
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
        there = (stamped(slide) for pattern in self._patterns for slide in _found(pattern, self._output))
        found = [slide for slide in there if slide.stamp or not is_address(slide.uri)]
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


def _check_address(pattern: str) -> None:
    """Raise ConfigError for a glob of slides whose files only their content tells."""
    if is_glob(split_address(pattern).key) and is_slide_name(pattern) and is_told_by_content(pattern):
        raise ConfigError(
            f"--input {pattern}: nothing in a bucket tells when the last file of such a slide has come; convert them "
            "without --watch when they are there"
        )


def _found(pattern: str, output: str) -> Iterator[SlideInput]:
    """Yield what a folder, a prefix or a glob holds now; that may be nothing."""
    if is_address(pattern):
        address = split_address(pattern)
        wild = is_glob(address.key)
        below = address if wild else Address(address.scheme, address.bucket, f"{address.key}/**".lstrip("/"))
        slides = matching_objects(open_bucket(pattern), below, output)
        yield from (slide for slide in slides if wild or is_slide_name(slide.uri))
    elif Path(pattern).is_dir():
        slides = slides_below(pattern, output)
        yield from (slide for slide in slides if is_slide_name(slide.uri) or Path(slide.uri).is_dir())
    elif Path(pattern).exists():
        yield from listed([pattern], output)
    elif glob.has_magic(pattern):
        yield from matches(pattern, output)


def _written(slide: SlideInput) -> str:
    """Return a stamp of the file alone that names a slide of several."""
    try:
        found = os.stat(slide.uri)
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"
