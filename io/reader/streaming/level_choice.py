"""Which files of a series are the image that was asked for, by as little of their headers as tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.filereader import read_partial
from pydicom.tag import Tag

from pipeline.io.sources.dicom.files import series_files
from pipeline.io.sources.dicom.instance import image_flavor
from pipeline.io.sources.dicom.objects import largest_dicom_in, series_objects
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.folders import slide_file
from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError, SlidebeamError, SourceError
from pipeline.model.source import ImageKind

_LAST_READ = 0x00480007
"""Total Pixel Matrix Rows."""
_READ = tuple(
    Tag(keyword)
    for keyword in (
        "SpecificCharacterSet",
        "ImageType",
        "ConcatenationUID",
        "Rows",
        "Columns",
        "TotalPixelMatrixColumns",
        "TotalPixelMatrixRows",
    )
)
_BY_NAME = {kind.value.lower(): kind for kind in (ImageKind.LABEL, ImageKind.OVERVIEW, ImageKind.THUMBNAIL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    uri: str
    flavor: str
    size: tuple[int, int, int]
    """Pixels, columns, rows."""
    concatenation: str
    """UID; empty where the file is a whole instance."""


def files_of_image(place: str, level: int | str | None) -> list[str]:
    """Return the files of one image of the series at a place, a DICOM file or a folder, on a disk or in a bucket.

    `level` counts from 0, the largest, or from -1, the smallest; or it is label, overview or thumbnail. None: of a file
    its own image, of a folder level 0. Raises IndexError for a level that is not there, ConfigError for a word that
    means none, and SourceError for what is no series or has no such image.
    """
    file, is_file = _file_at(place)
    if level is None and is_file:
        own = _read(file)
        if not own.concatenation:
            return [file]
        parts = [_read(other) for other in _series(file)]
        return [part.uri for part in parts if part.concatenation == own.concatenation]
    images = [_read(other) for other in _series(file)]
    if isinstance(level, str):
        return _associated(images, level, place)
    return _level(images, 0 if level is None else level, place)


def _file_at(place: str) -> tuple[str, bool]:
    """Return a DICOM file of the series, and whether it is what was given."""
    if not is_address(place):
        file = str(slide_file(Path(place)))
        return file, file == str(Path(place))
    address = split_address(place)
    if address.key and open_bucket(place).facts(address.key) is not None:
        return place, True
    found = largest_dicom_in(place)
    if found is None:
        raise SourceError(f"{place} is no object, and no DICOM objects are below it", uri=place)
    return found, False


def _series(file: str) -> list[str]:
    return series_objects(file) if is_address(file) else [str(path) for path in series_files(Path(file))]


def _read(uri: str) -> _File:
    file = FileBytes(uri)
    try:
        with file.stream() as stream:
            header = read_partial(stream, lambda tag, vr, length: int(tag) > _LAST_READ, specific_tags=list(_READ))
        columns, rows = (
            int(header.get(f"TotalPixelMatrix{edge}") or header.get(edge) or 0) for edge in ("Columns", "Rows")
        )
        return _File(
            uri=uri,
            flavor=image_flavor(header),
            size=(columns * rows, columns, rows),
            concatenation=str(header.get("ConcatenationUID", "")),
        )
    except SlidebeamError:
        raise
    except Exception as error:  # the header of a stranger's file may be anything
        raise SourceError(
            f"{uri} is no readable DICOM ({type(error).__name__}: {error}); check that the copy is complete", uri=uri
        ) from error
    finally:
        file.close()


def _level(images: Sequence[_File], level: int, place: str) -> list[str]:
    volumes = [image for image in images if image.flavor == ImageKind.VOLUME]
    sizes = sorted({image.size for image in volumes}, reverse=True)
    if not sizes:
        raise SourceError(f"{place}: no image of the series is a level (VOLUME in ImageType)", uri=place)
    if not -len(sizes) <= level < len(sizes):
        raise IndexError(f"Slide does not have level {level}.")
    return [image.uri for image in volumes if image.size == sizes[level]]


def _associated(images: Sequence[_File], name: str, place: str) -> list[str]:
    kind = _BY_NAME.get(name.lower())
    if kind is None:
        raise ConfigError(f"no image of a slide is called {name!r}; give a level's number, or {', '.join(_BY_NAME)}")
    found = [image for image in images if image.flavor == kind]
    if not found:
        raise SourceError(f"{place}: the series has no {kind} image", uri=place)
    first = found[0]
    return [
        image.uri
        for image in found
        if image is first or (first.concatenation and image.concatenation == first.concatenation)
    ]
