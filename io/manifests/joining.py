"""Slides that globs found, and the rows of a manifest that tell about them.

A row finds its slide by file name or path, never by likeness: two slides that fit one row, or two rows that fit one
slide, are an error, for a slide with another patient's name is worse than none. Texts are compared in NFC, since file
systems and spreadsheets write the same letter in two ways.
"""

import os
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.io.manifests.places import slide_uri
from pipeline.io.manifests.slides import shown
from pipeline.io.sources.scenes import split_scene, split_scene_id
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import Join

_SLASHES = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class UnmatchedRow:
    """A row without a slide."""

    place: str
    """Manifest and line."""
    slide: str
    """What the row names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestJoin:
    """What came of joining slides with a manifest."""

    matched: tuple[SlideInput, ...]
    """With the metadata of their rows, in the order of the slides."""
    slides_without_row: tuple[SlideInput, ...] = ()
    rows_without_slide: tuple[UnmatchedRow, ...] = ()

    def left_over(self, manifest: str) -> list[str]:
        """Return what is left over on both sides, a line each."""
        return left_over(manifest, self.slides_without_row, self.rows_without_slide)


def left_over(manifest: str, slides: Sequence[SlideInput], rows: Sequence[UnmatchedRow]) -> list[str]:
    """Return a line of the slides that have no row, and one of the rows that have no slide, if there are any."""
    lines = []
    if slides:
        lines.append(f"{len(slides)} slides have no row in {manifest}: {shown([slide.uri for slide in slides])}")
    if rows:
        lines.append(f"{len(rows)} rows have no slide: {shown([f'{row.place} ({row.slide})' for row in rows])}")
    return lines


class SlideIndex:
    """Slides by what rows may call them."""

    def __init__(self, slides: Sequence[SlideInput], join: Join) -> None:
        self._slides = slides
        self._join = join
        self._exact: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        for number, slide in enumerate(slides):
            for name in _names(slide, join):
                self._exact.setdefault(_composed(name), []).append(number)
            if join is Join.STEM:
                for name in _names(slide, Join.NAME):
                    self._stems.setdefault(_composed(_stem(name)), []).append(number)

    def find(self, written: str, folder: str) -> list[int]:
        """Return the places of the slides that a row means: one, the scenes of one file, or none.

        Raises ValueError when it could mean several.
        """
        found = next((place for place in self._candidates(written, folder) if place), [])
        files = {split_scene(self._slides[number].uri)[0] for number in found}
        if len(files) > 1:
            way_out = "an absolute path" if self._join is Join.PATH else "`join: path` in the mapping file"
            raise ValueError(f"{written} may be {' or '.join(sorted(files)[:2])}; {way_out} tells them apart")
        return found

    def _candidates(self, written: str, folder: str) -> Iterator[list[int]]:
        if self._join is not Join.PATH:
            name = _composed(_SLASHES.split(written.rstrip("/\\"))[-1])
            yield self._exact.get(name, [])
            yield self._stems.get(name, [])
            return
        yield self._exact.get(_composed(posixpath.normpath(written)), [])
        yield self._exact.get(_composed(slide_uri(written, folder)), [])


def _names(slide: SlideInput, join: Join) -> list[str]:
    """Return what a slide is called; of a scene, what its file is called too."""
    file, scene = split_scene(slide.uri)
    if join is not Join.PATH:
        name = os.path.basename(file)
        return [name] if scene is None else [name, f"{name}#scene={scene}"]
    names = {slide.uri, slide.slide_id, file}
    file_id, of_scene = split_scene_id(slide.slide_id)
    if scene is not None and scene == of_scene:
        names |= {file_id, f"{file_id}#scene={scene}"}
    return sorted(names)


def _stem(name: str) -> str:
    """Return a file's name without its suffix, which `.ome.tiff` is as a whole; what names a scene stays."""
    file, hash_sign, scene = name.partition("#scene=")
    stem = posixpath.splitext(file)[0]
    return f"{stem.removesuffix('.ome') if stem != '.ome' else stem}{hash_sign}{scene}"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
