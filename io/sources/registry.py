"""Which reader opens a slide. Detection reads headers only; readers are imported when they are needed.

A file that holds several scenes is several slides: `slide.czi#scene=2` names the second of them.
"""

import re
from importlib import import_module
from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.folders import slide_file
from pipeline.model.errors import SourceError

_MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II*\0", "tiff_formats.open_tiff"),
    (0, b"MM\0*", "tiff_formats.open_tiff"),
    (0, b"II+\0", "tiff_formats.open_tiff"),
    (0, b"MM\0+", "tiff_formats.open_tiff"),
)
"""Place, bytes there, and the opener in this package: `module.function(path, scene)`."""
_REST = "openslide.open_openslide"
_HEAD_BYTES = 256
_SCENE = re.compile(r"(.+)#scene=(\d+)")


def open_source(uri: str) -> SlideSource:
    """Open the slide at a path: a file, a folder of DICOM or MIRAX, or a scene of a file, `path#scene=2`.

    Raises
    ------
    SourceError
        The path does not exist, no reader knows the format, there is no such scene, or the file is damaged.

    """
    path, scene = split_scene(uri)
    file = slide_file(Path(path))
    if not file.is_file():
        raise SourceError(f"{path} does not exist", uri=uri)
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", uri=uri) from error
    openers = (opener for at, magic, opener in _MAGICS if head[at : at + len(magic)] == magic)
    module, function = next(openers, _REST).split(".")
    source: SlideSource = getattr(import_module(f"pipeline.io.sources.{module}"), function)(str(file), scene)
    return source


def split_scene(uri: str) -> tuple[str, int]:
    """Return path and number of the scene, 1 where none is named. A file whose name looks like a scene is a file."""
    match = _SCENE.fullmatch(uri)
    if match is None or Path(uri).exists():
        return uri, 1
    return match[1], int(match[2])
