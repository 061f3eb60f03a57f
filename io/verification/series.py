"""Check every level of a series against the slide that it was made from.

Nothing of the conversion is trusted: sizes come from the DICOM headers, frames from the files through their offset
tables, tiles from the slide through its own index.
"""

from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from pipeline.io.sources import SlideSource, open_source
from pipeline.io.verification.findings import InstanceFindings, VerificationReport
from pipeline.io.verification.level import verify_level
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SourceImage


def verify_slide(series: Path, slide: str, *, threads: int = 0) -> VerificationReport:
    """Compare each frame of a series with the slide. 0 threads: one a core.

    A frame that passed must hold the source tile's entropy-coded bytes; one that was encoded must decode to the
    source's pixels, exactly or, where its codec is lossy, to a PSNR of at least 20 dB. Levels that were not converted
    are not asked for; a file that is gone is missed by its Instance Number, unless it was the last. Raises SourceError
    when the slide or the folder cannot be read.
    """
    files = sorted(path for path in series.iterdir() if path.suffix == ".dcm") if series.is_dir() else []
    if not files:
        raise SourceError(f"{series} holds no DICOM files", uri=str(series))
    findings, problems = [], []
    with open_source(slide) as source:
        for file in files:
            try:
                findings.append(_verify_file(source, file, threads))
            except SourceError as error:
                problems.append(str(error))
    problems += _missing(files)
    if not any(instance.kind == ImageKind.VOLUME for instance in findings):
        problems.append(f"{series} holds no level that could be compared")
    return VerificationReport(series=str(series), slide=slide, instances=tuple(findings), problems=tuple(problems))


def _missing(files: list[Path]) -> list[str]:
    """Say which files are gone: the instances of a series are numbered from 1 without a gap."""
    numbers = {number for file in files if (number := _instance_number(file)) is not None}
    return [
        f"{files[0].parent} has no file of instance {number}, of {max(numbers)} or more that were written"
        for number in range(1, max(numbers, default=0))
        if number not in numbers
    ]


def _instance_number(file: Path) -> int | None:
    try:
        return int(pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["InstanceNumber"]).InstanceNumber)
    except (InvalidDicomError, AttributeError, ValueError, TypeError):
        return None


def _verify_file(source: SlideSource, file: Path, threads: int) -> InstanceFindings:
    try:
        header = pydicom.dcmread(file, stop_before_pixels=True)
        kind = str(header.ImageType[2])
        size = (int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows))
        frames = int(header.NumberOfFrames)
    except (InvalidDicomError, AttributeError, IndexError, ValueError, TypeError) as error:
        raise SourceError(f"{file} is no whole-slide DICOM instance: {error}", uri=str(file)) from error
    if kind != ImageKind.VOLUME:
        return InstanceFindings(file=file.name, kind=kind, frames=frames, note="not compared: not a level")
    level = _level_of_size(source, size, file)
    # A tile that passes has one lossy compression behind it at most, its own.
    encoded_anew = _lossy_stages(header) > max(1, len(level.lossy.stages))
    return verify_level(source, level, file, threads, encoded_anew=encoded_anew)


def _lossy_stages(header: pydicom.Dataset) -> int:
    """Count the lossy compressions that a header tells of (PS3.3 C.7.6.1.1.5)."""
    methods = header.get("LossyImageCompressionMethod") or []
    return 1 if isinstance(methods, str) else len(methods)


def _level_of_size(source: SlideSource, size: tuple[int, int], file: Path) -> SourceImage:
    for level in source.describe().levels:
        if (level.grid.columns, level.grid.rows) == size:
            return level
    raise SourceError(f"{file} is {size[0]} x {size[1]} pixels; the slide has no level of that size", uri=str(file))
