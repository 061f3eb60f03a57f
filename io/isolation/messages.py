"""Messages over a pipe: a length of 8 bytes, then a pickle."""

import os
import pickle
from typing import Any

_LENGTH_BYTES = 8
_PIECE = 1 << 16


def packed(message: object) -> bytes:
    """Return a message as it goes over a pipe. Raises what pickle raises for what cannot be pickled."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(_LENGTH_BYTES, "little") + body


def sendable(error: Exception) -> Exception:
    """Return the error, or its text as a RuntimeError where it cannot be pickled or made anew."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def write_all(fd: int, data: bytes) -> None:
    """Write all bytes. Raises BrokenPipeError when the other side has gone."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def read_message(fd: int) -> Any:
    """Wait for a message. Raises EOFError when the other side has gone."""
    reader = MessageReader(fd)
    while not reader.has_message:
        reader.read()
    return reader.message()


class MessageReader:
    """Messages that arrive in pieces."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._unread = bytearray()

    def read(self) -> None:
        """Read what there is of a message; waits for something. Raises EOFError when the other side has gone."""
        missing = self._end - len(self._unread) if len(self._unread) >= _LENGTH_BYTES else _LENGTH_BYTES
        piece = os.read(self._fd, min(_PIECE, missing))
        if not piece:
            raise EOFError
        self._unread += piece

    @property
    def has_message(self) -> bool:
        """Whether a whole one has arrived."""
        return len(self._unread) >= _LENGTH_BYTES and len(self._unread) >= self._end

    def message(self) -> Any:
        """Take the message that has arrived."""
        body = self._unread[_LENGTH_BYTES : self._end]
        self._unread = bytearray()
        return pickle.loads(body)  # noqa: S301  from a process that we started, or that started us

    @property
    def _end(self) -> int:
        return _LENGTH_BYTES + int.from_bytes(self._unread[:_LENGTH_BYTES], "little")
