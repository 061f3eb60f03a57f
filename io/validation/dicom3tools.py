"""What dciodvfy and dcentvfy say, where they are installed (dicom3tools, by David Clunie).

The tools read whole files and know neither the newest transfer syntaxes nor 64-bit values. A file that they would
stumble over, or that is large, is given to them as its header with two bytes of pixel data, in a transfer syntax that
they know: they look at no pixel.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit

from pipeline.io.validation.attributes import text
from pipeline.io.validation.findings import Finding, Severity
from pipeline.io.validation.instance import Instance
from pipeline.model.errors import SourceError

TOOLS = ("dciodvfy", "dcentvfy")
_SECONDS = 120
_MOST_BYTES = 1 << 26
_KNOWN_SUFFIXES = ("", ".1", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".5")
_KNOWN = frozenset(f"1.2.840.10008.1.2{suffix}" for suffix in _KNOWN_SUFFIXES)
_STUB = (
    b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x02\0\0\0\xff\xd9\xfe\xff\xdd\xe0\0\0\0\0"
)
"""Encapsulated pixel data: an empty offset table, one fragment, the delimiter."""
_LIMITS = ("<YBR_ICT>", "method inconsistent with Transfer Syntax")
"""Lines with these are about what the standard allows and the tools do not know: ICT in JPEG 2000 (PS3.5 8.2.4), and
earlier steps of a lossy history (PS3.3 C.7.6.1.1.5.1)."""
_ALL_FRAMES = "NumberOfFrames does not match expected value for tiled total pixel matrix"
"""Not of a part of a concatenation, nor of TILED_SPARSE, which has frames where there are tiles (C.7.6.17.3)."""
_STUB_SYNTAXES = {"YBR_FULL_422": JPEGBaseline8Bit, "YBR_ICT": JPEG2000}
"""Those that allow a photometric interpretation; the others are allowed in JPEG 2000 Lossless."""


def find_tools() -> dict[str, str | None]:
    """Return where each tool is, None where it is not installed."""
    return {name: shutil.which(name) for name in TOOLS}


def verify_instances(tool: str | None, instances: Sequence[tuple[Path, Instance]]) -> Iterator[Finding]:
    """Run dciodvfy over each instance; nothing without it."""
    if tool is None:
        return
    with tempfile.TemporaryDirectory(prefix="slidebeam-validate-") as folder:
        for path, instance in instances:
            shown = _shown_to_tools(path, instance, Path(folder) / "instance.dcm")
            lines = _run([tool, str(shown)])
            if _has_fewer_frames(instance):
                lines = [line for line in lines if _ALL_FRAMES not in line]
            yield from _findings("dciodvfy", lines, instance.file)


def verify_entities(tool: str | None, instances: Sequence[tuple[Path, Instance]]) -> Iterator[Finding]:
    """Run dcentvfy over all instances together; nothing without it, or of a single one."""
    if tool is None or len(instances) < 2:
        return
    with tempfile.TemporaryDirectory(prefix="slidebeam-validate-") as folder:
        shown = [
            str(_shown_to_tools(path, instance, Path(folder) / f"{number}.dcm"))
            for number, (path, instance) in enumerate(instances)
        ]
        yield from _findings("dcentvfy", _run([tool, *shown]), instances[0][1].file)


def _has_fewer_frames(instance: Instance) -> bool:
    is_sparse = text(instance.header, "DimensionOrganizationType") == "TILED_SPARSE"
    return is_sparse or "ConcatenationUID" in instance.header


def _run(command: list[str]) -> list[str]:
    """Return what a tool prints, line by line. Raises SourceError when it does not end."""
    try:
        # The command is a tool found on PATH and paths of files, no shell and nobody's text.
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{command[0]} did not end within {_SECONDS} seconds") from error
    return (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()


def _findings(name: str, lines: list[str], file: str) -> Iterator[Finding]:
    for line in lines:
        kind, _, message = line.partition(" - ")
        if kind not in ("Error", "Warning", "Abort") or any(limit in line for limit in _LIMITS):
            continue
        severity = Severity.WARNING if kind == "Warning" else Severity.ERROR
        yield Finding(
            rule=f"{name}.{severity}", severity=severity, file=file, frame=None, message=message.strip(), citation=name
        )


def _shown_to_tools(path: Path, instance: Instance, stub: Path) -> Path:
    """Return the file itself, or a stub of its header where the tools cannot read it or would read long."""
    if instance.header_span is None or (
        instance.transfer_syntax in _KNOWN and not instance.extended and instance.size <= _MOST_BYTES
    ):
        return path
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    known = deepcopy(instance.meta)
    photometric = text(instance.header, "PhotometricInterpretation")
    known.TransferSyntaxUID = _STUB_SYNTAXES.get(photometric, JPEG2000Lossless)
    file.write(bytes(128) + b"DICM")
    write_file_meta_info(file, known, enforce_standard=False)
    start, end = instance.header_span
    with path.open("rb") as source, stub.open("wb") as copy:
        copy.write(file.getvalue())
        source.seek(start)
        while start < end and (block := source.read(min(1 << 20, end - start))):
            copy.write(block)
            start += len(block)
        copy.write(_STUB)
    return stub
