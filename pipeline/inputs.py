"""From what was typed after `--input` to slides with names of their own.

A path's slide is named by its last component, suffix included; a match of a glob by its path below the glob's fixed
part, so that `cohort/**/*.svs` keeps the folders of the cohort. Names that collide are found before anything is read.

A folder counts as one slide when it holds the files of one (`pipeline.io.sources.folders`). A glob that matches files
inside such a folder means the slide, not the file. `slide.czi#scene=2` is one
scene of a file that holds several. `gs://` and `s3://` lead to `pipeline.object_inputs`.
"""

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pipeline.io.sources.folders import SlidesOfFolders, slide_at
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.slide_names import check_names


def expand_inputs(
    patterns: Sequence[str], output: str = "", *, manifest: str = "", mapping: str = ""
) -> tuple[SlideInput, ...]:
    """Return the slides that paths, folders, globs and manifests name, in their order, matches of a glob sorted.

    Each slide is returned once; with a `manifest` it has the metadata, and maybe the name, of its row there. `mapping`
    is the path of the file that says what a manifest's columns are. Raises ConfigError for a pattern that matches
    nothing, a folder that is no slide, names that collide, and rows that are wrong or fit no slide.
    """
    slides = tuple(listed(patterns, output, mapping=mapping))
    if manifest:
        from pipeline.manifest_inputs import join_manifest

        slides = join_manifest(slides, manifest, mapping)
    _check_scenes({slide.uri for slide in slides})
    check_names(slides)
    return slides


def listed(patterns: Sequence[str], output: str = "", *, mapping: str = "") -> Iterator[SlideInput]:
    """Yield the slides that paths, folders, globs and manifests name, each once; nothing is known of their names yet.

    A glob does not match what lies in `output`: a second run must not take the first one's DICOM for slides.
    Raises ConfigError for a pattern that matches nothing, and a folder that is no slide.
    """
    seen: dict[str, SlideInput] = {}
    for pattern in patterns:
        for slide in _expand(pattern, output, mapping):
            first = seen.setdefault(slide.uri, slide)
            if first is slide:
                yield slide
            elif first.metadata != slide.metadata:
                raise ConfigError(
                    f"{slide.uri} is given twice, with the metadata of a row and with others; give it once"
                )


def _check_scenes(uris: Collection[str]) -> None:
    """Raise ConfigError for a scene of a file that is given as a whole, too."""
    from pipeline.io.sources.scenes import split_scene

    for uri in uris:
        file, scene = split_scene(uri)
        if scene is not None and file in uris:
            raise ConfigError(f"{file} is given with all of its scenes, {uri} among them; leave one of the two out")


def _expand(pattern: str, output: str, mapping: str) -> Iterator[SlideInput]:
    from pipeline.io.manifests.reading import is_manifest  # not before: `--help` needs no tables and no codecs
    from pipeline.io.sources.scenes import split_scene

    if is_manifest(pattern):
        from pipeline.manifest_inputs import expand_manifest

        yield from expand_manifest(pattern, mapping)
        return
    file, scene = split_scene(pattern)
    if is_address(file):
        from pipeline.object_inputs import expand_objects

        slides = expand_objects(file, output)
        yield from slides if scene is None else (_scene_of(slide, scene) for slide in slides)
        return
    path = Path(os.path.abspath(file))
    if path.exists():
        slide = _named_by_path(path, file)
        yield slide if scene is None else _scene_of(slide, scene)
    elif glob.has_magic(pattern):
        found = list(matches(pattern, output))
        if not found:
            raise ConfigError(f"--input {pattern}: no slide matches ({_why_none(pattern, output)})")
        yield from found
    else:
        raise ConfigError(f"--input {pattern}: there is no such file or folder")


def _why_none(pattern: str, output: str) -> str:
    if output and next(matches(pattern, ""), None) is not None:
        return f"what lies in the output, {output}, is left out; name another output"
    return "quote a glob, so that the shell leaves it alone"


def _scene_of(slide: SlideInput, scene: int) -> SlideInput:
    from pipeline.io.sources.scenes import scene_id, scene_uri

    return SlideInput(uri=scene_uri(slide.uri, scene), slide_id=scene_id(slide.slide_id, scene))


def _named_by_path(path: Path, pattern: str) -> SlideInput:
    slide = slide_at(path)
    if slide is None:
        raise ConfigError(
            f"--input {pattern} is a folder, and not of one slide; "
            f"--input '{pattern.rstrip('/')}/*' takes the slides in it, "
            f"'{pattern.rstrip('/')}/**/*.svs' the .svs of its folders too"
        )
    return SlideInput(uri=str(slide), slide_id=slide.name)


def slides_below(folder: str, output: str) -> Iterator[SlideInput]:
    """Yield what lies below a folder, whatever letters its name has; slides are named by their path in it."""
    yield from _slides(Path(os.path.abspath(folder)), os.path.join(glob.escape(folder), "**", "*"), output)


def matches(pattern: str, output: str) -> Iterator[SlideInput]:
    """Yield the slides that a glob of paths names, without what lies in `output`; none where nothing matches."""
    yield from _slides(_fixed_part(pattern), pattern, output)


def _slides(fixed: Path, pattern: str, output: str) -> Iterator[SlideInput]:
    found = sorted(Path(os.path.abspath(match)) for match in glob.iglob(pattern, recursive=True))
    if output:
        found = [path for path in found if not path.is_relative_to(os.path.abspath(output))]
    folders = SlidesOfFolders()
    for path in found:
        slide = folders.slide_around(path) or slide_at(path)
        if slide is not None:
            yield SlideInput(uri=str(slide), slide_id=_name_below(fixed, slide))


def _fixed_part(pattern: str) -> Path:
    """Return the folder before the first component with a wildcard."""
    parts = Path(os.path.abspath(pattern)).parts
    wild = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:wild])


def _name_below(fixed: Path, slide: Path) -> str:
    """Return the slide's path below the fixed part; its last component when it is that folder or lies outside."""
    below = slide.relative_to(fixed).as_posix() if slide.is_relative_to(fixed) else "."
    return slide.name if below == "." else below
