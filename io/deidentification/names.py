"""Names of slides that tell nothing, and reports that name no source.

A slide's name is its file's, and that often is a patient's or an accession number. A de-identified slide is named by a
hash of samples of its files, keyed where there is a key: the same file has the same name in every job, so that runs
go on where others stopped. Which file it was stands in the crosswalk, if one is asked for.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.io.deidentification.crosswalk import SourceNames, crosswalk_path, locked_crosswalk
from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.scenes import scene_id, split_scene
from pipeline.io.sources.suffixes import data_folder
from pipeline.io.storage.address import is_address
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput
from pipeline.model.printable import printable
from pipeline.model.records import Failure, SlideOutcome

_UNREADABLE = "slide-unreadable"
_SHORTEST_NAME = 3
"""Letters of a name that is looked for in messages: shorter ones are parts of words."""


def renamed(slides: Sequence[SlideInput], config: ConversionConfig) -> tuple[SlideInput, ...]:
    """Return slides under names that tell nothing, and add them to the crosswalk; as they are if nothing is asked for.

    Copies of a file get numbers behind their name, in the order of the input; so do files that cannot be read. Where
    there is a crosswalk, what it knows keeps its name, and numbers go on from there.
    Raises ConfigError for a crosswalk in the output, or one that cannot be written.
    """
    if config.deidentify is None:
        return tuple(slides)
    crosswalk_file = crosswalk_path(config.crosswalk, config.output) if config.crosswalk else None
    pseudonyms = [_name(slide, config.deidentify) for slide in slides]
    if crosswalk_file is None:
        return _numbered(slides, pseudonyms, SourceNames())
    with locked_crosswalk(crosswalk_file) as crosswalk:
        new = _numbered(slides, pseudonyms, SourceNames(crosswalk.rows))
        crosswalk.add((slide.slide_id, slide.uri) for slide in new)
    return new


def _numbered(slides: Sequence[SlideInput], pseudonyms: Sequence[str], names: SourceNames) -> tuple[SlideInput, ...]:
    new = []
    for slide, pseudonym in zip(slides, pseudonyms, strict=True):
        path, scene = split_scene(slide.uri)
        name = names.name(pseudonym, path)
        new.append(replace(slide, slide_id=name if scene is None else scene_id(name, scene)))
    return tuple(new)


def without_sources(outcomes: Iterable[SlideOutcome], config: ConversionConfig) -> list[SlideOutcome]:
    """Return outcomes that name their slides by their new names only, in messages too; as they are if not asked for."""
    if config.deidentify is None:
        return list(outcomes)
    return [_without_source(outcome) for outcome in outcomes]


def _without_source(outcome: SlideOutcome) -> SlideOutcome:
    words = _words_of(outcome.uri, "\n".join(failure.message for failure in outcome.failures))
    plan = outcome.plan
    if plan is not None:
        warnings = tuple(_replaced(warning, words, outcome.slide_id) for warning in plan.warnings)
        slide = replace(plan.slide, uri=outcome.slide_id, metadata="")
        plan = replace(plan, slide=slide, warnings=warnings)
    return replace(
        outcome,
        uri=outcome.slide_id,
        plan=plan,
        failures=tuple(_without_words(failure, words, outcome.slide_id) for failure in outcome.failures),
    )


def _without_words(failure: Failure, words: list[str], name: str) -> Failure:
    return replace(
        failure,
        uri=name,
        message=_replaced(failure.message, words, name),
        reproduce=_replaced(failure.reproduce, words, name),
    )


def _words_of(uri: str, told: str) -> list[str]:
    """Return what names a source in what is told of its failures: paths, and names of files, longer ones first.

    A slide may have files beside the one that names it, those of its series for one, in a folder of a telling name.
    """
    path = Path(split_scene(uri)[0])
    folder = path if path.is_dir() else path.parent
    beside = [folder / name for name in _names_told(folder, told)]
    paths = [
        uri,
        str(path),
        os.path.realpath(path),
        *map(str, beside),
        os.path.realpath(folder),
        os.path.abspath(folder),
    ]
    names = [*paths, path.name, *(entry.name for entry in beside), path.stem]
    return [spelling for name in names if len(name) >= _SHORTEST_NAME for spelling in _spellings(name)]


def _names_told(folder: Path, told: str) -> list[str]:
    """Return the names in a folder that are told of, longer ones first."""
    try:
        names = os.listdir(folder) if told else []
    except OSError:
        return []  # no folder of a disk, or one that tells its names to nobody here
    found = [name for name in names if any(spelling in told for spelling in _spellings(name))]
    return sorted(found, key=len, reverse=True)


def _spellings(name: str) -> tuple[str, ...]:
    """Return how a name is told: as it is, in an error, as text, and inside a shell's quotes."""
    if name.isprintable() and "'" not in name:
        return (name,)
    in_error = printable(SlidebeamError(name).message)
    return (name, in_error, printable(name), in_error.replace("'", "'\"'\"'"))


def _replaced(text: str, words: list[str], name: str) -> str:
    for word in words:
        text = text.replace(word, name)
    return text


def _name(slide: SlideInput, choice: Deidentify) -> str:
    uri = split_scene(slide.uri)[0]
    if is_address(uri):
        return _pseudonym([uri], choice)
    path = Path(uri)
    beside = data_folder(path) or path
    files = [path] if path.is_file() else []
    if beside.is_dir():
        files += sorted(found for found in beside.rglob("*") if found.is_file())
    return _pseudonym(files, choice)


def _pseudonym(files: Sequence[Path | str], choice: Deidentify) -> str:
    try:
        sample = files_fingerprint(files)
    except OSError:
        return _UNREADABLE  # opening it will say why, and fail this slide alone
    return f"slide-{choice.pseudonym('file', sample).lower()}" if files else _UNREADABLE
