"""Slides from a manifest, and a manifest for slides that globs found.

A manifest is a table (CSV, JSON lines, Parquet) with a row a slide. A mapping file says which columns are whose; each
slide gets the metadata of its row as JSON, with the keys of `--metadata`. Names and metadata are checked before
anything is converted: an error names the rows.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.configs.mapping import parse_mapping
from pipeline.io.manifests.documents import RowDocuments
from pipeline.io.manifests.joining import ManifestJoin, SlideIndex, UnmatchedRow, left_over
from pipeline.io.manifests.places import check_folder_name, found_slide, manifest_folder, slide_name, slide_uri
from pipeline.io.manifests.slides import Findings, SlideRow, slide_rows
from pipeline.io.sources.scenes import scene_id, split_scene
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import ManifestMapping, OnMissing
from pipeline.slide_names import SlideNames

_LOG = logging.getLogger(__name__)
_LARGEST_MAPPING = 1 << 20


def read_mapping(path: str) -> ManifestMapping:
    """Return what a mapping file says, or with an empty path what holds without one. Raises ConfigError."""
    if not path:
        return ManifestMapping()
    try:
        reader = open_bytes(path)
    except SourceError as error:
        raise ConfigError(f"the mapping file {error}") from error
    try:
        text = reader.read(0, _LARGEST_MAPPING + 1)
    finally:
        reader.close()
    if len(text) > _LARGEST_MAPPING:
        raise ConfigError(f"{path} is larger than a mapping file, which has {_LARGEST_MAPPING >> 20} MiB at most")
    try:
        return parse_mapping(text.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}") from error


def expand_manifest(uri: str, mapping: str = "") -> Iterator[SlideInput]:
    """Yield the slides that the rows of a manifest name, in their order; `mapping` is the path of a mapping file.

    Files that are not there are an error, or with `on_missing: warn` left out with a warning; addresses are not looked
    at. What is wrong with rows raises ConfigError after the last of them, so that one error tells all: nothing may be
    converted before the iterator has ended. Raises StorageError where the manifest cannot be read.
    """
    found = read_mapping(mapping)
    missing: list[UnmatchedRow] = []
    empty = True
    for slide in _named_slides(uri, found, missing):
        empty = False
        yield slide
    _tell(left_over(uri, (), missing), found)
    if empty:
        raise ConfigError(f"no row of {uri} names a slide that is there; paths begin at the manifest's folder")


def join_manifest(slides: Sequence[SlideInput], manifest: str, mapping: str = "") -> tuple[SlideInput, ...]:
    """Return slides with the metadata, and the name if rows give one, of their rows in a manifest; in their order.

    Slides without a row and rows without a slide are a ConfigError, or with `on_missing: warn` a warning: such a slide
    comes back as it was. Raises ConfigError for what is wrong with rows, and StorageError.
    """
    found = read_mapping(mapping)
    joined = _joined(slides, manifest, found)
    _tell(joined.left_over(manifest), found)
    if slides and not joined.matched:
        raise ConfigError(f"no slide has a row in {manifest}; see `slide:` and `join:` in the mapping file")
    rows = iter(joined.matched)
    without = {slide.uri for slide in joined.slides_without_row}
    return tuple(slide if slide.uri in without else next(rows) for slide in slides)


def join_preview(manifest: str, mapping: str = "", slides: Sequence[SlideInput] | None = None) -> ManifestJoin:
    """Return what `join_manifest` would join, and what is left over on both sides, which raises nothing here.

    Without slides the manifest is the input itself: rows are left over whose file is not there. What is wrong with rows
    raises ConfigError here too.
    """
    found = read_mapping(mapping)
    if slides is not None:
        return _joined(slides, manifest, found)
    missing: list[UnmatchedRow] = []
    matched = tuple(_named_slides(manifest, found, missing))
    return ManifestJoin(matched=matched, rows_without_slide=tuple(missing))


def _named_slides(uri: str, mapping: ManifestMapping, missing: list[UnmatchedRow]) -> Iterator[SlideInput]:
    findings = Findings([])
    documents = RowDocuments(mapping)
    folder = manifest_folder(uri)
    places: dict[str, str] = {}
    names = SlideNames()
    for row in slide_rows(uri, mapping, findings):
        try:
            slide_at = found_slide(slide_uri(row.slide, folder))
            if slide_at is None:
                missing.append(UnmatchedRow(row.place, row.slide))
                continue
            name = row.name or slide_name(slide_at, folder)
            check_folder_name(name)
            first = places.setdefault(slide_at, row.place)
            if first is not row.place:
                raise ValueError(f"{row.slide} is the slide of {first}, too; leave one row")
            slide = SlideInput(uri=slide_at, slide_id=name, metadata=documents.text(row.cells))
            names.add(slide)
        except ValueError as error:
            findings.add(row.place, error)
            continue
        yield slide
    findings.check()


def _joined(slides: Sequence[SlideInput], manifest: str, mapping: ManifestMapping) -> ManifestJoin:
    findings = Findings([])
    documents = RowDocuments(mapping)
    index = SlideIndex(slides, mapping.join)
    folder = manifest_folder(manifest)
    matched: dict[int, tuple[SlideInput, str]] = {}
    rows_without_slide = []
    for row in slide_rows(manifest, mapping, findings):
        try:
            places = index.find(row.slide, folder)
            metadata = documents.text(row.cells) if places else ""
            for place in places:
                if place in matched:
                    raise ValueError(f"{row.slide} is the slide of {matched[place][1]}, too; leave one row")
                matched[place] = _with_row(slides[place], row, metadata), row.place
        except ValueError as error:
            findings.add(row.place, error)
            continue
        if not places:
            rows_without_slide.append(UnmatchedRow(row.place, row.slide))
    findings.check()
    return ManifestJoin(
        matched=tuple(matched[place][0] for place in sorted(matched)),
        slides_without_row=tuple(slide for place, slide in enumerate(slides) if place not in matched),
        rows_without_slide=tuple(rows_without_slide),
    )


def _with_row(slide: SlideInput, row: SlideRow, metadata: str) -> SlideInput:
    if not row.name:
        return replace(slide, metadata=metadata)
    scene = split_scene(slide.uri)[1] if split_scene(row.slide)[1] is None else None
    return replace(slide, metadata=metadata, slide_id=row.name if scene is None else scene_id(row.name, scene))


def _tell(lines: Sequence[str], mapping: ManifestMapping) -> None:
    """Refuse or tell what is left over, as the mapping says."""
    if lines and mapping.on_missing is OnMissing.STRICT:
        raise ConfigError(f"{'; '.join(lines)}; `on_missing: warn` in the mapping file goes on without them")
    for line in lines:
        _LOG.warning("%s", line)
