"""The one error tree.

SlidebeamError
├── ConfigError (ValueError)         an option, a configuration file or a combination of them is wrong
├── MetadataMissing (ValueError)     a Type 1 attribute has no value; lists all of them
├── SourceError (OSError)            a slide cannot be opened, read or understood
├── TileError (ValueError)           one tile cannot be read, decoded or encoded
├── CodecError (ValueError)          a codec refuses what it was given, or is not there
├── DecoderCrash (ChildProcessError) the helper process that worked on a slide was ended by what it met
├── DecoderTimeout (TimeoutError)    the helper process that worked on a slide gave no answer
├── StorageError (OSError)           bytes cannot be read from or written to a store
├── Incomplete (TimeoutError)        what was planned of a slide did not come in time
└── OutputExists (FileExistsError)   the output holds something that is not ours to replace

A message says what is wrong, where, and what to do, in one line, whatever text of a file it repeats. Each error also is
the builtin that a caller would expect.
They are caught at one place a DoFn and leave the graph as `Failure` rows.
"""

import re
from typing import Any

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""What ends a line or steers a terminal."""


class SlidebeamError(Exception):
    """What every error of this project is.

    `uri`, `level` and `frame` say where, as far as the raiser knows; whoever knows more fills them in.
    """

    def __init__(self, message: str, *, uri: str = "", level: int | None = None, frame: int | None = None) -> None:
        self.message = _CONTROLS.sub(" ", message)
        super().__init__(self.message)
        self.uri = uri
        self.level = level
        self.frame = frame

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.__dict__)


class ConfigError(SlidebeamError, ValueError):
    """An option, a configuration file, or a combination of them is wrong."""


class MetadataMissing(SlidebeamError, ValueError):
    """Type 1 attributes of PS3.3 A.32.8 have no value; the message lists all of them."""


class SourceError(SlidebeamError, OSError):
    """A slide cannot be opened, read or understood."""


class TileError(SlidebeamError, ValueError):
    """One tile cannot be read, decoded or encoded."""


class CodecError(SlidebeamError, ValueError):
    """A codec refuses what it was given, or is not installed."""


class DecoderCrash(SlidebeamError, ChildProcessError):
    """The helper process that worked on a slide was ended: a fault of native code, or no memory."""


class DecoderTimeout(SlidebeamError, TimeoutError):
    """The helper process that worked on a slide gave no answer in time."""


class StorageError(SlidebeamError, OSError):
    """Bytes cannot be read from or written to a store.

    `transient` says that the same call may succeed a little later: the way to the store broke, or the store was busy.
    """

    def __init__(
        self,
        message: str,
        *,
        uri: str = "",
        level: int | None = None,
        frame: int | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message, uri=uri, level=level, frame=frame)
        self.transient = transient


class Incomplete(SlidebeamError, TimeoutError):
    """What was planned of a slide did not come in time, on a stream."""


class OutputExists(SlidebeamError, FileExistsError):
    """The output holds something that is not ours to replace."""


def _rebuild(kind: type[SlidebeamError], message: str, state: dict[str, Any]) -> SlidebeamError:
    error = kind(message)
    error.__dict__.update(state)
    return error
