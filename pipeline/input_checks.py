"""What slides, output and metadata have to do with each other, checked before a job begins.

No series takes the place of a source, which `--overwrite` would throw away, and nothing is written into a folder that
is one. Paths are compared as they are and with links followed, so that neither a slide nor a link to it is lost.
What tells one glass slide from all others is not given to several.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from pipeline.io.sources.scenes import split_scene
from pipeline.io.sources.suffixes import data_folder
from pipeline.io.storage.address import is_address, split_address
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import GivenMetadata
from pipeline.slide_names import check_names


def check_job(slides: Sequence[SlideInput], config: ConversionConfig) -> None:
    """Raise ConfigError where the output would harm a source, or the metadata belong to one slide of several."""
    check_names(slides)
    check_places(slides, config.output)
    check_shared_metadata(len(slides), config.metadata)


def check_places(slides: Sequence[SlideInput], output: str) -> None:
    """Raise ConfigError where the folder of a series is a source, holds one or lies in one, or the output does."""
    if is_address(output):
        _check_prefixes([slide for slide in slides if is_address(slide.uri)], output)
    else:
        _check_folders([slide for slide in slides if not is_address(slide.uri)], Path(output))


def _check_prefixes(slides: Sequence[SlideInput], output: str) -> None:
    places = {f"{output}/{slide.slide_id}" for slide in slides}
    sources = {source for slide in slides for source in _source_addresses(slide)}
    inside = ((place, source) for place in places for source in _upward(place) if source in sources)
    around = ((place, source) for source in sources for place in _upward(source) if place in places)
    place, source = next(chain(inside, around), ("", ""))
    if place:
        raise ConfigError(f"{place} would be written where the source {source} is; name another --output")


def _upward(address: str) -> Iterator[str]:
    """Yield an address and what it lies in, its bucket last."""
    scheme, _, path = address.partition("://")
    while path:
        yield f"{scheme}://{path}"
        path = path.rpartition("/")[0]


def _check_folders(slides: Sequence[SlideInput], output: Path) -> None:
    sources = {path: source for slide in slides for source in _sources(slide) for path in _spellings(source)}
    harm = _harm_within(output, sources)
    if harm:
        raise ConfigError(f"{output} {harm}; name another --output")
    series = {Path(os.path.realpath(output / slide.slide_id)): slide for slide in slides}
    for place, slide in series.items():
        harm = _harm_within(place, sources)
        if harm:
            raise ConfigError(_refusal(slide, output, harm))
    for path, source in sources.items():
        holder = next((series[folder] for folder in path.parents if folder in series), None)
        if holder:
            raise ConfigError(_refusal(holder, output, f"holds the source {source}"))


def check_shared_metadata(slides: int | None, metadata: GivenMetadata) -> None:
    """Raise ConfigError where several slides would get the identifiers of one; None: there is no saying how many."""
    keys = metadata.of_one_slide()
    if keys and (slides is None or slides > 1):
        raise ConfigError(
            f"the metadata give {', '.join(keys)} and there are {slides or 'any number of'} slides that would all get "
            "the same; leave them out, or give each slide its own in a --manifest"
        )


def _sources(slide: SlideInput) -> Iterator[Path]:
    """Yield what belongs to a slide: its file or folder, and the folder of its data beside it."""
    path = Path(split_scene(slide.uri)[0])
    yield path
    beside = data_folder(path)
    if beside is not None and beside.is_dir():
        yield beside


def _source_addresses(slide: SlideInput) -> Iterator[str]:
    """Yield what belongs to a slide in a bucket, as `_sources` does; there are folders only by their names."""
    uri = split_scene(slide.uri)[0]
    yield uri
    address = split_address(uri)
    beside = data_folder(PurePosixPath(address.key))
    if beside is not None:
        yield str(address._replace(key=str(beside)))


def _spellings(path: Path) -> set[Path]:
    """Return a path with the links of its folder followed, and with all links followed."""
    return {Path(os.path.realpath(path.parent), path.name), Path(os.path.realpath(path))}


def _harm_within(path: Path, sources: Mapping[Path, Path]) -> str:
    """Return which source a path is or lies in; empty where there is none."""
    real = Path(os.path.realpath(path))
    if real in sources:
        return f"is the source {sources[real]}"
    return next((f"lies in the source {sources[folder]}" for folder in real.parents if folder in sources), "")


def _refusal(slide: SlideInput, output: Path, harm: str) -> str:
    return f"{slide.uri} would be written to {output / slide.slide_id}, which {harm}; name another --output"
