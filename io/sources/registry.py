"""Which reader opens a slide. Detection reads headers only; readers are imported when they are needed.

A file that holds several scenes is several slides: `slide.czi#scene=2` names the second of them.
"""

from importlib import import_module
from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.folders import slide_file
from pipeline.io.sources.scenes import split_scene
from pipeline.model.errors import SourceError

_MAGICS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"ZISRAWFILE", "czi.source.open_czi"),
    (0, b'<DataObject ObjectType="DPUfsImport">', "isyntax.open_isyntax"),
    (0, b"\x89PNG\r\n\x1a\n", "flat_image.open_png"),
    (0, b"\xff\xd8\xff", "flat_image.open_jpeg"),
    (128, b"DICM", "dicom.source.open_dicom"),
    (0, b"II*\0", "tiff_formats.open_tiff"),
    (0, b"MM\0*", "tiff_formats.open_tiff"),
    (0, b"II+\0", "tiff_formats.open_tiff"),
    (0, b"MM\0+", "tiff_formats.open_tiff"),
)
"""Place, bytes there, and the opener in this package: `module.function(path, scene)`."""
_BY_SUFFIX = {".isyntax": "isyntax.open_isyntax"}
"""For files whose first bytes are told by none of these."""
_REST = "openslide.open_openslide"
_HEAD_BYTES = 256


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
    # The first file of MIRAX is a JPEG picture or nothing: only its name tells.
    magics = () if file.suffix.lower() == ".mrxs" else _MAGICS
    openers = (opener for at, magic, opener in magics if head[at : at + len(magic)] == magic)
    module, _, function = next(openers, _BY_SUFFIX.get(file.suffix.lower(), _REST)).rpartition(".")
    source: SlideSource = getattr(import_module(f"pipeline.io.sources.{module}"), function)(
        str(file), 1 if scene is None else scene
    )
    return source
