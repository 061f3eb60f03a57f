"""Convert slides through the whole graph, and look at what was written with pydicom alone."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.encaps import generate_frames

from pipeline.conversion import run_conversion
from pipeline.io.codecs import decode_frame
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax

_jobs = itertools.count(1)


def convert(slides: Path | Sequence[Path], output: Path, *beam_arguments: str, **options: Any) -> dict[str, Any]:
    """Convert slides, each under its own name, with placeholders for metadata; return the report."""
    paths = [slides] if isinstance(slides, Path) else slides
    inputs = [SlideInput(uri=str(path), slide_id=path.name) for path in paths]
    options = {"output": str(output), "research_placeholder": True} | options
    job = options.pop("job", f"job-{next(_jobs)}")
    return run_conversion(inputs, ConversionConfig(**options), beam_arguments, job=job)


def published(output: Path) -> dict[str, bytes]:
    """Return the bytes of all files but reports and state records, by path below the output."""
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.relative_to(output).parts[0] not in ("_reports", "_state")
    }


def statuses(report: dict[str, Any]) -> dict[str, str]:
    """Return how each slide ended."""
    return {slide["slide_id"]: slide["status"] for slide in report["slides"]}


def stored_frames(file: Path) -> list[bytes]:
    """Return the frames of an instance as pydicom finds them, without padding behind the end marker."""
    dataset = pydicom.dcmread(file)
    if not TransferSyntax(dataset.file_meta.TransferSyntaxUID).is_encapsulated:
        size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
        return [dataset.PixelData[n * size : (n + 1) * size] for n in range(int(dataset.NumberOfFrames))]
    extended = None
    if "ExtendedOffsetTable" in dataset:
        extended = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames), extended_offsets=extended)
    return [frame[:-1] if frame.endswith(b"\xff\xd9\0") else frame for frame in frames]


def shown(file: Path) -> list[Pixels]:
    """Decode all frames of an instance as its header describes them."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    return [
        decode_frame(
            frame,
            transfer_syntax=TransferSyntax(header.file_meta.TransferSyntaxUID),
            photometric=header.PhotometricInterpretation,
            rows=header.Rows,
            columns=header.Columns,
            samples=header.SamplesPerPixel,
            bits=header.BitsAllocated,
        )
        for frame in stored_frames(file)
    ]


def jpeg_scan(stream: Buffer) -> bytes:
    """Return the entropy-coded bytes of a JPEG, EOI included, trailing bytes left out."""
    data = bytes(stream)
    begin = data.index(b"\xff\xda")
    begin += 2 + int.from_bytes(data[begin + 2 : begin + 4], "big")
    return data[begin : data.rindex(b"\xff\xd9") + 2]


def staging_left(output: Path) -> list[str]:
    """Return what is left of the staging area."""
    return [str(path) for path in output.rglob("*") if "_staging" in path.parts]
