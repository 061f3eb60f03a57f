"""Names of slides that tell nothing, and reports that name no source.

A slide's name is its file's, and that often is a patient's or an accession number. A de-identified slide is named by a
hash of samples of its files, keyed where there is a key: the same file has the same name in every job, so that runs
go on where others stopped. Which file it was stands in the crosswalk, if one is asked for.
"""

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.io.sources.fingerprint import files_fingerprint
from pipeline.io.sources.scenes import scene_id, split_scene
from pipeline.io.sources.suffixes import data_folder
from pipeline.io.storage.address import is_address
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure, SlideOutcome

_UNREADABLE = "slide-unreadable"
_SHORTEST_NAME = 3
"""Letters of a name that is looked for in messages: shorter ones are parts of words."""


def renamed(slides: Sequence[SlideInput], config: ConversionConfig) -> tuple[SlideInput, ...]:
    """Return slides under names that tell nothing, and write the crosswalk; as they are if nothing is asked for.

    Two copies of a file get numbers behind their name, in the order of the input; so do files that cannot be read.
    Raises ConfigError for a crosswalk in the output, or one that cannot be written.
    """
    if config.deidentify is None:
        return tuple(slides)
    copies: dict[str, list[str]] = {}
    new = []
    for slide in slides:
        path, scene = split_scene(slide.uri)
        name = _name(slide, config.deidentify)
        paths = copies.setdefault(name, [])
        if path not in paths:
            paths.append(path)
        name += f"-{paths.index(path) + 1}" if paths.index(path) else ""
        new.append(replace(slide, slide_id=name if scene is None else scene_id(name, scene)))
    if config.crosswalk:
        _write_crosswalk(config, new)
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
    beside = [entry for entry in folder.iterdir() if entry.name in told] if told and folder.is_dir() else []
    beside.sort(key=lambda entry: len(entry.name), reverse=True)
    paths = [
        uri,
        str(path),
        os.path.realpath(path),
        *map(str, beside),
        os.path.realpath(folder),
        os.path.abspath(folder),
    ]
    names = [*paths, path.name, *(entry.name for entry in beside), path.stem]
    return [name for name in names if len(name) >= _SHORTEST_NAME]


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


def _write_crosswalk(config: ConversionConfig, slides: Sequence[SlideInput]) -> None:
    path = Path(os.path.abspath(config.crosswalk))
    if path.is_relative_to(os.path.abspath(config.output)):
        raise ConfigError(f"--deidentify-crosswalk {path} lies in the output, which is to name nobody; move it")
    known = _known(path)
    known |= {slide.slide_id: slide.uri for slide in slides}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("slide_id", "source"))
    writer.writerows(sorted(known.items()))
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text.getvalue())
        os.replace(temporary, path)
    except OSError as error:
        raise ConfigError(f"--deidentify-crosswalk {path} cannot be written: {error.strerror}") from error


def _known(path: Path) -> dict[str, str]:
    """Return what the crosswalk holds already, so that a second job adds to it."""
    try:
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--deidentify-crosswalk {path} cannot be read: {error}") from error
    if rows and rows[0] != ["slide_id", "source"]:
        raise ConfigError(f"--deidentify-crosswalk {path} is another file; it is not overwritten")
    return {row[0]: row[1] for row in rows[1:] if len(row) == 2}
