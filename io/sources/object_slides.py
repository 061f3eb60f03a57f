"""Slides in object stores: read by ranges where our own readers know the layout, else fetched to the disk's cache.

TIFF and its vendors, NDPI, CZI, DICOM series, PNG and JPEG are read by position. What OpenSlide or a C library reads
is fetched whole, with the objects beside it that belong to it; so is VSI, whose files are in a tree.
"""

import weakref
from collections.abc import Callable
from pathlib import PurePosixPath

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.suffixes import Files, data_folder, files_of
from pipeline.io.storage.address import split_address
from pipeline.io.storage.bucket import Bucket, ObjectFacts
from pipeline.io.storage.local_cache import fetch_folder
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import SourceError

_STREAMED = frozenset(
    (
        "tiff_formats.open_tiff",
        "czi.source.open_czi",
        "dicom.source.open_dicom",
        "flat_image.open_png",
        "flat_image.open_jpeg",
    )
)
_MOST_BESIDE = 10_000


def is_streamed(opener: str, uri: str) -> bool:
    """Whether a reader, by its name in the registry, can read an object where it is."""
    return opener in _STREAMED and files_of(uri) is not Files.FOLDER


def open_fetched(uri: str, open_path: Callable[[str], SlideSource]) -> SlideSource:
    """Fetch a slide with what belongs to it and open it there. Raises SourceError and StorageError.

    The files stay as long as the source lives.
    """
    bucket, key = open_bucket(uri), split_address(uri).key
    objects = slide_objects(bucket, key)
    if not objects:
        raise SourceError(f"{uri} does not exist", uri=uri)
    folder = fetch_folder(bucket, objects, _folder(key))
    try:
        source = open_path(str(folder.path / key.removeprefix(_folder(key))))
    except BaseException:
        folder.release()
        raise
    weakref.finalize(source, folder.release)
    return source


def slide_objects(bucket: Bucket, key: str) -> list[ObjectFacts]:
    """Return the objects of a slide: its file and what its format has beside it, or a folder. Raises SourceError."""
    path = PurePosixPath(key)
    file = bucket.facts(key)
    if file is None:
        return _listed(bucket, f"{key}/")
    beside = data_folder(path)
    if beside is not None:
        return [file, *_listed(bucket, f"{beside}/")]
    if files_of(key) is Files.INDEX:
        return [facts for facts in _listed(bucket, _folder(key)) if "/" not in facts.key.removeprefix(_folder(key))]
    # Trestle's overview has the slide's name with another suffix.
    return _listed(bucket, f"{path.with_suffix('')}.") if path.suffix else [file]


def _listed(bucket: Bucket, prefix: str) -> list[ObjectFacts]:
    found: list[ObjectFacts] = []
    for facts in bucket.listed(prefix):
        if not facts.key.endswith("/"):
            found.append(facts)
        if len(found) > _MOST_BESIDE:
            raise SourceError(f"{bucket.uri}/{prefix} holds more objects than a slide has; give each slide its own")
    return found


def _folder(key: str) -> str:
    return key[: key.rfind("/") + 1]
