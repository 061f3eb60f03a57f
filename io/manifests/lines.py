"""A text file as lines, one at a time, with their numbers: what CSV and JSONL are read from.

Lines are split as bytes and decoded one by one, so that the line that is not UTF-8 is the one that is named, and one
that never ends does not fill the memory.
"""

import io
from collections.abc import Iterator

from pipeline.io.storage.byte_reader import ByteStream
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import ConfigError

_LONGEST_LINE = 1 << 20
"""Bytes."""
_BUFFER = 1 << 20
_BOM = b"\xef\xbb\xbf"


def text_lines(uri: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file or object with their numbers from 1, line ends included, without a byte order mark.

    Raises ConfigError for a line that is too long or not UTF-8, SourceError and StorageError.
    """
    reader = open_bytes(uri)
    try:
        stream = io.BufferedReader(ByteStream(reader), _BUFFER)
        number = 0
        while line := stream.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise ConfigError(
                    f"{uri}:{number}: the line is longer than {_LONGEST_LINE >> 20} MiB; this is no table of lines"
                )
            yield number, _text(uri, number, line.removeprefix(_BOM) if number == 1 else line)
    finally:
        reader.close()


def _text(uri: str, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{uri}:{number}: this is not UTF-8 (byte {error.start + 1} of the line); save the table as text in UTF-8"
        ) from None
