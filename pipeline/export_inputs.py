"""From what was typed after `slidebeam export` to slides, each with the name of its TIFF.

The last argument is the output: a file for one slide, a folder or prefix for any number. A TIFF in a folder has the
slide's name with the suffix of its own format in the place of the slide's; where two would be equal, behind it.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.inputs import expand_inputs
from pipeline.io.sources.suffixes import files_of
from pipeline.io.storage.address import is_address
from pipeline.io.tiff.places import split_suffix
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_target import TiffFormat

_FORMATS = {
    ".tif": TiffFormat.TIFF,
    ".tiff": TiffFormat.TIFF,
    ".svs": TiffFormat.SVS,
    ".ome.tif": TiffFormat.OME_TIFF,
    ".ome.tiff": TiffFormat.OME_TIFF,
}
"""By suffix of an output that is a file."""


class ExportRequest(NamedTuple):
    """Slides with the names of their TIFFs, and where those go."""

    slides: tuple[SlideInput, ...]
    output: str
    """Folder or prefix."""
    format: TiffFormat


def requested_export(inputs: Sequence[str], output: str, format: TiffFormat | None) -> ExportRequest:
    """Return the slides that arguments name; `format` None: the output's suffix says it, or plain TIFF.

    Raises ConfigError for a name that leads to nothing, a file as output of several slides, one that is no TIFF by its
    name, and an output in the folder of a slide.
    """
    slides = tuple(slide for named in inputs for slide in slides_named(named, output))
    suffix = split_suffix(output)[1].lower()
    is_file = suffix in _FORMATS and (is_address(output) or not os.path.isdir(output))
    if not is_file:
        chosen = format or TiffFormat.TIFF
        folder = output.rstrip("/") if is_address(output) else os.path.abspath(output)
        if not is_address(folder) and os.path.exists(folder) and not os.path.isdir(folder):
            raise ConfigError(f"{output} is a file, and no TIFF by its name; name a folder, or a file like slide.tiff")
        if suffix and files_of(f"a{suffix}") is not None and not os.path.isdir(output):
            raise ConfigError(f"{output} has the suffix of no TIFF, which are {', '.join(_FORMATS)}, and is no folder")
        _check_apart(slides, folder)
        return ExportRequest(with_tiff_names(slides, chosen), folder, chosen)
    if len(slides) > 1:
        raise ConfigError(f"{output} is one file, and {len(slides)} slides are to be exported; name a folder")
    folder, _, name = output.rpartition("/")
    if not is_address(output):
        folder, name = os.path.split(os.path.abspath(output))
    _check_apart(slides, folder)
    return ExportRequest(tuple(replace(slide, slide_id=name) for slide in slides), folder, format or _FORMATS[suffix])


def _check_apart(slides: Sequence[SlideInput], output: str) -> None:
    """Raise ConfigError where the output is in the folder of a slide, which would be of no one slide any more."""
    real = Path(os.path.realpath(output))
    for slide in slides:
        if os.path.isdir(slide.uri) and real.is_relative_to(os.path.realpath(slide.uri)):
            raise ConfigError(f"{slide.uri} is the folder of a slide, where no TIFF may lie; name another output")


def slides_named(named: str, output: str) -> Iterator[SlideInput]:
    """Yield the slides that one argument names: paths, folders, globs and objects of any slide that can be opened."""
    try:
        yield from expand_inputs([named], output.rstrip("/") if is_address(output) else output)
    except ConfigError as error:
        raise ConfigError(error.message.replace("--input ", "")) from error


def with_tiff_names(slides: Sequence[SlideInput], format: TiffFormat) -> tuple[SlideInput, ...]:
    """Name the TIFFs after their slides: `a.svs` becomes `a.tiff`, unless `a.ndpi` would, too."""
    stems = [_stem(slide.slide_id) for slide in slides]
    taken = Counter(stem.casefold() for stem in stems)
    return tuple(
        replace(slide, slide_id=(stem if taken[stem.casefold()] == 1 else slide.slide_id) + format.suffix)
        for slide, stem in zip(slides, stems, strict=True)
    )


def _stem(slide_id: str) -> str:
    stem, suffix = split_suffix(slide_id)
    return stem if suffix and files_of(f"a{suffix}") is not None else slide_id
