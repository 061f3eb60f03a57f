"""Names of slides, which become folders of the output.

Two slides may not share one, not even on a file system that does not tell upper from lower case, none may lie in
another's folder, and none may be a folder that is kept for something else.
"""

import os
import unicodedata
from collections.abc import Iterable

from pipeline.model.errors import ConfigError
from pipeline.model.folder_names import folder_name_fault
from pipeline.model.keys import SlideInput

RESERVED = ("_job", "_reports", "_state", "_staging")
"""Folders that hold no slides: of the output, and of its staging area."""
LONGEST_NAME = 200
"""Bytes of a component of a slide's name: file systems take 255, and temporary names of its files are longer."""


class SlideNames:
    """The names that are taken."""

    def __init__(self) -> None:
        self._slides: dict[str, SlideInput] = {}
        self._folders_around: dict[str, SlideInput] = {}
        """A slide below each folder that slides lie in."""

    def add(self, slide: SlideInput) -> None:
        """Take a slide's name. Raises ConfigError where it cannot be a folder, or is one of another slide's."""
        name = _folded(slide.slide_id)
        _check(slide, name)
        around = [name[:end] for end, letter in enumerate(name) if letter == "/"]
        if name in self._slides:
            raise ConfigError(_collision(self._slides[name], slide, "both would be written to"))
        inside = self._folders_around.get(name)
        if inside is not None:
            raise ConfigError(_collision(slide, inside, _INSIDE))
        # A record is a file, `name.json`: it may not be where records of other slides have their folder.
        places = [*around, *(folder.removesuffix(".json") for folder in around)]
        outer = next((self._slides[place] for place in places if place in self._slides), None)
        outer = outer or self._folders_around.get(f"{name}.json")
        if outer is not None:
            raise ConfigError(_collision(outer, slide, _INSIDE))
        self._slides[name] = slide
        self._folders_around.update(dict.fromkeys(around, slide))


def check_names(slides: Iterable[SlideInput]) -> None:
    """Raise ConfigError where a name cannot be a folder, or collides with another."""
    names = SlideNames()
    for slide in slides:
        names.add(slide)


_INSIDE = "one would be written into the folder of the other,"


def _check(slide: SlideInput, name: str) -> None:
    fault = folder_name_fault(slide.slide_id)
    if fault:
        raise ConfigError(f"{slide.uri}: {fault}; rename it, or name it in a manifest")
    if name.partition("/")[0] in RESERVED:
        raise ConfigError(
            f"{slide.uri} would be written to {slide.slide_id}, which is kept for reports and state; rename it"
        )
    if not slide.uri.isprintable():
        raise ConfigError(f"{slide.uri!r}: a name with characters that are no text cannot be carried on; rename it")
    longest = max((os.fsencode(part) for part in slide.slide_id.split("/")), key=len)
    if len(longest) > LONGEST_NAME:
        raise ConfigError(
            f"{slide.uri}: a name of {len(longest)} bytes is too long for files that are named after it; rename it "
            f"to at most {LONGEST_NAME} bytes"
        )


def _collision(one: SlideInput, other: SlideInput, what: str) -> str:
    return (
        f"{one.uri} and {other.uri}: {what} {one.slide_id}; give each an output of its own, use a glob "
        "that begins higher up, which keeps the folders apart, or, to convert, a manifest (`name:` in a mapping file)"
    )


def _folded(slide_id: str) -> str:
    return unicodedata.normalize("NFC", slide_id).casefold()
