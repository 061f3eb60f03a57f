"""Which file of a folder is the slide."""

from pathlib import Path

from pipeline.io.sources.dicom_series import series_of
from pipeline.model.errors import SourceError


def slide_file(path: Path) -> Path:
    """Return the file by which a slide is opened: the path itself, or where it is a folder the slide's file in it.

    That is its .mrxs, the .mrxs beside a MIRAX data folder, or its largest DICOM file. SourceError when there is none,
    or when the folder holds several series.
    """
    if not path.is_dir():
        return path
    slides = sorted(entry for entry in path.iterdir() if entry.suffix.lower() == ".mrxs")
    beside = path.with_name(f"{path.name}.mrxs")
    if beside.is_file():
        slides = [beside]
    if len(slides) == 1:
        return slides[0]
    files = [entry for entry in path.iterdir() if entry.name.upper() != "DICOMDIR" and is_dicom(entry)]
    if not files:
        raise SourceError(
            f"{path} is a folder without DICOM files or a MIRAX slide; name the slide's file", uri=str(path)
        )
    largest = max(files, key=lambda file: (file.stat().st_size, file.name))
    others = {file for file in files if series_of(file) not in ("", series_of(largest))}
    if others:
        raise SourceError(
            f"{path} holds several DICOM series: {min(others).name} and {largest.name}; give each its own folder",
            uri=str(path),
        )
    return largest


def is_dicom(path: Path) -> bool:
    """Whether a path is a file that begins as PS3.10 7.1 says: 128 bytes, then DICM."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
