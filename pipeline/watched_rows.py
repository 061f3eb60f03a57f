"""Metadata of slides that come, from a table that grows: a slide waits until its row is there.

The table is read anew whenever there are new slides. What is wrong with it is told and stops nobody but the slides
that wait for it.
"""

from collections.abc import Sequence

from pipeline.manifest_inputs import join_preview, read_mapping
from pipeline.model.errors import ConfigError, SourceError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import OnMissing
from pipeline.slide_names import SlideNames


class WatchedRows:
    """The rows of a manifest, joined to slides as they come."""

    def __init__(self, manifest: str, mapping: str) -> None:
        """Take the path or address of a manifest and of its mapping file. Raises ConfigError for the latter."""
        self._manifest = manifest
        self._mapping = mapping
        self._waits = read_mapping(mapping).on_missing is OnMissing.STRICT
        self._names = SlideNames()
        self._named: dict[str, str] = {}
        """Names that rows have given, by the URIs of their slides."""
        self._told: set[str] = set()

    def joined(self, slides: Sequence[SlideInput]) -> tuple[list[SlideInput], list[str]]:
        """Return the slides that can be converted, with the metadata of their rows, and what there is to tell, once.

        A slide without a row waits, or with `on_missing: warn` is converted as it is.
        """
        try:
            join = join_preview(self._manifest, self._mapping, slides)
        except (ConfigError, SourceError, StorageError) as error:
            return [], self._first([f"{error}; {len(slides)} new slides wait for it"])
        ready, told = [], []
        for slide in [*join.matched, *(() if self._waits else join.slides_without_row)]:
            try:
                self._name(slide)
                ready.append(slide)
            except ConfigError as error:
                told.append(error.message)
        if self._waits:
            told += [f"{slide.uri} waits for its row in {self._manifest}" for slide in join.slides_without_row]
        return ready, self._first(told)

    def _name(self, slide: SlideInput) -> None:
        """Take a slide's name, unless it has it already. Raises ConfigError where it is another slide's."""
        if self._named.get(slide.uri) != slide.slide_id:
            self._names.add(slide)
            self._named[slide.uri] = slide.slide_id

    def _first(self, messages: list[str]) -> list[str]:
        """Return the messages that were not told before."""
        new = [message for message in messages if message not in self._told]
        self._told.update(new)
        return new
