"""Which reader opens a slide. Detection reads headers only; readers are imported when they are needed."""

from pathlib import Path

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.model.errors import SourceError

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_READ_BY_US = ("aperio", "generic-tiff")


def open_source(uri: str) -> SlideSource:
    """Open the slide at a path: a file, or a folder of DICOM or MIRAX.

    Raises
    ------
    SourceError
        The path does not exist, no reader knows the format, or the file is damaged.

    """
    path = Path(uri)
    if path.is_dir():
        path = _file_in_folder(path)
    if not path.is_file():
        raise SourceError(f"{uri} does not exist", uri=uri)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise SourceError(f"{uri} cannot be read: {error.strerror}", uri=uri) from error
    if magic in _TIFF_MAGIC:
        return _open_tiff(str(path))
    return _open_with_openslide(str(path))


def _open_tiff(uri: str) -> SlideSource:
    from pipeline.io.sources.aperio import open_aperio
    from pipeline.io.sources.generic_tiff import open_generic_tiff
    from pipeline.io.sources.ndpi import check_ndpi

    container = TiffContainer(uri)
    warnings: tuple[str, ...] = ()
    try:
        if container.is_svs:
            return open_aperio(container)
        import openslide

        vendor = openslide.OpenSlide.detect_format(uri)
        if vendor is None or vendor in _READ_BY_US:
            return open_generic_tiff(container)
        if vendor == "hamamatsu":
            warnings = check_ndpi(container)
    except SourceError:
        container.close()
        raise
    except Exception as error:  # tags of a damaged file may be of any type, and contradict each other in any way
        container.close()
        raise SourceError(f"{uri} is malformed ({type(error).__name__}: {error})", uri=uri) from error
    container.close()
    return _open_with_openslide(uri, warnings)


def _open_with_openslide(uri: str, warnings: tuple[str, ...] = ()) -> SlideSource:
    from pipeline.io.sources.openslide import OpenSlideSource

    return OpenSlideSource(uri, warnings)


def _file_in_folder(folder: Path) -> Path:
    """Return the file by which OpenSlide opens a folder.

    That is its .mrxs, the .mrxs beside a MIRAX data folder, or its largest DICOM file.
    """
    from pipeline.io.sources.dicom_series import series_of

    slides = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".mrxs")
    beside = folder.with_name(f"{folder.name}.mrxs")
    if beside.is_file():
        slides = [beside]
    if len(slides) == 1:
        return slides[0]
    files = [
        path for path in folder.iterdir() if path.is_file() and path.name.upper() != "DICOMDIR" and _is_dicom(path)
    ]
    if not files:
        raise SourceError(
            f"{folder} is a folder without DICOM files or a MIRAX slide; name the slide's file", uri=str(folder)
        )
    largest = max(files, key=lambda path: (path.stat().st_size, path.name))
    others = {file for file in files if series_of(file) not in ("", series_of(largest))}
    if others:
        raise SourceError(
            f"{folder} holds several DICOM series: {min(others).name} and {largest.name}; give each its own folder",
            uri=str(folder),
        )
    return largest


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
