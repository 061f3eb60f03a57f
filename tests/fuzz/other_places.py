"""The structure of CZI, cellSens, MIRAX, Sakura and settings files, and which walker a file needs."""

import re
import struct
from pathlib import Path

from tests.fuzz.dicom_places import dicom
from tests.fuzz.places import Number, Structure, codestreams, documents
from tests.fuzz.tiff_places import tiff

_ROWS_OF_WORDS = {".ets": 64 + 228, ".dat": 4096, ".svslide": 4096, ".ngr": 32, ".opt": 40, ".vsi": 4096}
"""By suffix, so many bytes at the beginning are numbers of 32 bits."""
_MOST_SEGMENTS = 200


def structure_of(path: Path, data: bytes) -> Structure:
    """Find the structure of a file."""
    structure = Structure()
    suffix = path.suffix.lower()
    if data[:10] == b"ZISRAWFILE":
        _czi(data, structure)
    elif data[128:132] == b"DICM":
        dicom(data, structure)
    elif suffix in _ROWS_OF_WORDS:
        _rows(data, suffix, structure)
    elif data[:2] in (b"II", b"MM"):
        tiff(data, structure, ndpi=suffix == ".ndpi")
    if suffix in (".ini", ".vms", ".vmu"):
        structure.text(0, len(data))
        structure.borders += [match.end() for match in re.finditer(rb"\n", data)]
    elif suffix not in (".tif", ".tiff", ".svs", ".scn", ".bif", ".qptiff", ".ndpi"):
        documents(data, structure)
    codestreams(data, structure)
    structure.header(0, min(16, len(data)))
    return structure.inside(len(data))


def _rows(data: bytes, suffix: str, structure: Structure) -> None:
    count = _ROWS_OF_WORDS[suffix]
    begin = 5 if data[:3] == b"01." else 0  # the version of MIRAX files, of odd length
    structure.words(begin, min(len(data), begin + count))
    if suffix == ".ets":
        table = struct.unpack_from("<Q", data, 32)[0]
        structure.words(table, min(len(data), table + 2048))


def _czi(data: bytes, structure: Structure) -> None:
    """Add the segments of a ZISRAW file, and the entries that describe sub-blocks and attachments."""
    at = 0
    for _ in range(_MOST_SEGMENTS):
        if at + 32 > len(data):
            break
        allocated, used = struct.unpack_from("<qq", data, at + 16)
        structure.header(at, at + 32)
        structure.numbers += [Number(at + 16, 8), Number(at + 24, 8)]
        begin = at + 32
        name = data[at : at + 16].rstrip(b"\0")
        if name == b"ZISRAWFILE":
            structure.words(begin, begin + 84)
            structure.words(begin + 52, begin + 84, 8)
        elif name in (b"ZISRAWMETADATA", b"ZISRAWATTACH", b"ZISRAWSUBBLOCK"):
            structure.words(begin, begin + 16)
        structure.borders += [begin, begin + used, begin + allocated]
        at = begin + allocated
        if allocated <= 0:
            break
    for match in re.finditer(rb"DV(?=.{30}[XYCZTSMBHIRV]\0)|A1(?=.{126})", data, re.DOTALL):
        entry = match.start()
        if data[entry : entry + 2] == b"A1":
            structure.words(entry + 12, entry + 24)
            continue
        dimensions = struct.unpack_from("<i", data, entry + 28)[0]
        structure.words(entry + 2, entry + 22)
        structure.words(entry + 22, entry + 28, 1)
        structure.words(entry + 28, min(len(data), entry + 32 + 20 * min(dimensions, 12)))
