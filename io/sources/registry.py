"""Which reader opens a slide. Detection reads headers only; readers are imported when they are needed.

A file that holds several scenes is several slides: `slide.czi#scene=2` names the second of them.
"""

from importlib import import_module
from pathlib import Path, PurePosixPath

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.folders import slide_file
from pipeline.io.sources.scenes import scene_uri, split_scene
from pipeline.io.sources.suffixes import is_of_library
from pipeline.io.storage.address import is_address
from pipeline.io.storage.opening import open_bytes
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
    """Open the slide at a path or URI: a file, a folder of DICOM or MIRAX, or a scene of a file, `path#scene=2`.

    Raises
    ------
    SourceError
        The path does not exist, no reader knows the format, there is no such scene, or the file is damaged.

    """
    path, scene = split_scene(uri)
    if is_address(path):
        return _open_object(path, 1 if scene is None else scene)
    file = slide_file(Path(path))
    if not file.is_file():
        raise SourceError(f"{path} does not exist", uri=uri)
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", uri=uri) from error
    return _open_with(_opener(head, file.suffix.lower()), str(file), 1 if scene is None else scene)


def is_read_by_library(uri: str) -> bool:
    """Whether a library of C reads the slide's headers, as its name and first bytes tell. Raises nothing.

    Of an object in a store the name alone tells. What cannot be read here, opening it will complain of.
    """
    path = split_scene(uri)[0]
    if is_address(path):
        return is_of_library(path)
    file = slide_file(Path(path))
    if not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            return _opener(stream.read(_HEAD_BYTES), file.suffix.lower()) in (_REST, _BY_SUFFIX[".isyntax"])
    except OSError:
        return False


def _open_object(uri: str, scene: int) -> SlideSource:
    """Open a slide in an object store: where it is if its reader can, else as files of the disk's cache."""
    from pipeline.io.sources.object_slides import is_streamed, open_fetched

    try:
        file = open_bytes(uri)
    except SourceError:  # a folder, maybe
        from pipeline.io.sources.dicom.objects import largest_dicom_in

        series = largest_dicom_in(uri)
        if series is not None:
            return _open_with("dicom.source.open_dicom", series, scene)
        return open_fetched(uri, lambda path: open_source(scene_uri(path, scene) if scene > 1 else path))
    try:
        opener = _opener(file.read(0, _HEAD_BYTES), PurePosixPath(uri).suffix.lower())
    finally:
        file.close()
    if is_streamed(opener, uri):
        return _open_with(opener, uri, scene)
    return open_fetched(uri, lambda path: _open_with(opener, path, scene))


def _opener(head: bytes, suffix: str) -> str:
    """Return the reader's name; the first file of MIRAX is a JPEG picture or nothing, so that only its name tells."""
    magics = () if suffix == ".mrxs" else _MAGICS
    openers = (opener for at, magic, opener in magics if head[at : at + len(magic)] == magic)
    return next(openers, _BY_SUFFIX.get(suffix, _REST))


def _open_with(opener: str, path: str, scene: int) -> SlideSource:
    module, _, function = opener.rpartition(".")
    source: SlideSource = getattr(import_module(f"pipeline.io.sources.{module}"), function)(path, scene)
    return source
