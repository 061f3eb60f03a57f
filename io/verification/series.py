"""Check every image of a series against the slide that it was made from.

Nothing of the conversion is trusted but its record of which files it wrote: sizes come from the DICOM headers, frames
from the files through their offset tables, tiles from the slide through its own index.
"""

from pathlib import Path

from pipeline.io.deidentification.opening import open_as_written
from pipeline.io.sources import SlideSource, open_source
from pipeline.io.verification.averaged import verify_averaged
from pipeline.io.verification.coverage import missing_frames
from pipeline.io.verification.findings import InstanceFindings, VerificationReport
from pipeline.io.verification.header import InstanceHeader, read_header
from pipeline.io.verification.image import verify_image
from pipeline.io.verification.inventory import compare_with_record, find_record, missing_numbers, missing_parts
from pipeline.model.errors import SourceError, StorageError
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.state import StateRecord


def verify_slide(series: Path, slide: str, *, threads: int = 0) -> VerificationReport:
    """Compare each frame of a series with the slide. 0 threads: one a core.

    A frame that passed must hold the source tile's entropy-coded bytes; one that was encoded must decode to the
    source's pixels, exactly or, where its codec is lossy, to a PSNR of at least 20 dB. The files must be those that the
    output's state record names; without one a file that is gone is missed by its Instance Number, unless it was the
    last. Images that were not converted are no fault, and are listed. Raises SourceError when the slide or the folder
    cannot be read.
    """
    files = sorted(path for path in series.glob("*.dcm") if path.is_file())
    if not files:
        raise SourceError(f"{series} holds no DICOM files", uri=str(series))
    headers, findings, problems = list[InstanceHeader](), list[InstanceFindings](), list[str]()
    compared = list[tuple[InstanceHeader, SourceImage]]()
    with open_as_written(slide, files[0]) as source:
        for file in files:
            try:
                headers.append(read_header(file))
            except SourceError as error:
                problems.append(str(error))
        for header in headers:
            try:
                image = None if header.averaged else _image_of(source, header)
                if image is not None:
                    findings.append(verify_image(source, image, header, threads))
                    compared.append((header, image))
                elif header.averaged:
                    with open_source(str(series)) as written:
                        findings.append(verify_averaged(header, written, threads))
                else:
                    problems.append(_stranger(source, header))
            except SourceError as error:
                problems.append(str(error))
        problems += missing_frames(source, compared)
        not_compared = _others(source, [image for _, image in compared])
    record = _record(series, problems)
    if record:
        problems += compare_with_record(series, headers, record)
    else:
        problems += missing_numbers(series, headers) + missing_parts(headers)
    if not any(instance.kind == ImageKind.VOLUME for instance in findings):
        problems.append(f"{series} holds no level that could be compared")
    return VerificationReport(
        series=str(series),
        slide=slide,
        instances=tuple(findings),
        problems=tuple(problems),
        not_compared=not_compared,
        recorded=record is not None,
    )


def _record(series: Path, problems: list[str]) -> StateRecord | None:
    """Find the state record; a damaged one is a problem, and the series is looked at without it."""
    try:
        return find_record(series)
    except StorageError as error:
        problems.append(str(error))
        return None


def _image_of(source: SlideSource, header: InstanceHeader) -> SourceImage | None:
    """Find the image of the slide that an instance claims to be: by kind and by size, which also tells levels apart."""
    return next((image for image in _of_kind(source, header) if _size(image) == header.size), None)


def _of_kind(source: SlideSource, header: InstanceHeader) -> list[SourceImage]:
    return [image for image in source.describe().images if image.kind == header.kind]


def _size(image: SourceImage) -> tuple[int, int]:
    return image.grid.columns, image.grid.rows


def _stranger(source: SlideSource, header: InstanceHeader) -> str:
    """Say of an instance that it is no image of the slide."""
    sizes = ["{} x {}".format(*_size(image)) for image in _of_kind(source, header)]
    name = "level" if header.kind == ImageKind.VOLUME else header.kind.lower()
    told = f"of that size, but {', '.join(sizes)}" if sizes else "at all"
    return f"{header.file} is {header.size[0]} x {header.size[1]} pixels; the slide has no {name} {told}"


def _others(source: SlideSource, compared: list[SourceImage]) -> tuple[str, ...]:
    """Name the images of the slide that were not compared, less a thumbnail that is no other than a level."""
    sizes = {(image.grid.columns, image.grid.rows) for image in compared if image.kind is ImageKind.VOLUME}
    return tuple(
        f"level {image.level}" if image.kind is ImageKind.VOLUME else image.kind.lower()
        for image in sorted(source.describe().images, key=lambda image: image.kind is not ImageKind.VOLUME)
        if image not in compared
        and not (image.kind is ImageKind.THUMBNAIL and (image.grid.columns, image.grid.rows) in sizes)
    )
