"""From a value as somebody wrote it to the value that a setting holds.

The command line gives text, a YAML file gives text, numbers, lists or booleans; both come through here, so that both
take the same and refuse the same. A ValueError says what the setting takes; the caller puts the name and the place
before it.
"""

import math
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from pipeline.model.colour_choice import Background, IccPolicy
from pipeline.model.transfer_syntaxes import TransferSyntax

Parse = Callable[[Any], Any]
"""A value as written to a value as held; raises ValueError."""


def integer(value: Any) -> int:
    """Take a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    raise ValueError(f"takes a whole number, not {_shown(value)}")


def number(value: Any) -> float:
    """Take a number, with or without a fraction."""
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            taken = float(value)
        except (ValueError, OverflowError):
            taken = math.nan
        if math.isfinite(taken):
            return taken
    raise ValueError(f"takes a number, not {_shown(value)}")


def text(value: Any) -> str:
    """Take text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"takes text, not {_shown(value)}")


def texts(value: Any) -> tuple[str, ...]:
    """Take one text or a list of them."""
    return tuple(text(item) for item in (value if isinstance(value, list) else [value]))


def switch(value: Any) -> bool:
    """Take true or false."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"takes true or false, not {_shown(value)}")


def inverted_switch(value: Any) -> bool:
    """Take true or false and return the opposite: the setting says `no-`, what it sets does not."""
    return not switch(value)


def one_of(terms: type[StrEnum]) -> Parse:
    """Return a parser that takes a value of an enumeration."""

    def parse(value: Any) -> StrEnum:
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if written in list(terms):
            return terms(written)
        raise ValueError(f"takes {', '.join(terms)}, not {_shown(value)}")

    return parse


def one_of_names(names: Sequence[str]) -> Parse:
    """Return a parser that takes one of several names."""

    def parse(value: Any) -> str:
        if value in names:
            return str(value)
        raise ValueError(f"takes {', '.join(names)}, not {_shown(value)}")

    return parse


def transfer_syntax(value: Any) -> TransferSyntax:
    """Take the name of a transfer syntax as wsi-dicom spells it."""
    names = [syntax.option for syntax in TransferSyntax.offered()]
    if value in names:
        return TransferSyntax.from_option(value)
    raise ValueError(f"takes {', '.join(names)}, not {_shown(value)}")


def levels(value: Any) -> tuple[int, ...]:
    """Take level numbers, lists `0,2` and ranges `0-2`, one or several of them; return them ascending, each once."""
    chosen: set[int] = set()
    for item in value if isinstance(value, list) else [value]:
        for part in str(item).split(","):
            ends = part.strip().split("-")
            if isinstance(item, bool) or len(ends) > 2 or not all(end.isdecimal() for end in ends):
                raise ValueError(f"takes levels from 0 as 0 or 0,2 or 0-2, not {_shown(item)}")
            first, last = int(ends[0]), int(ends[-1])
            if last < first or last > _MOST_LEVELS:
                raise ValueError(f"takes ranges that ascend, up to {_MOST_LEVELS}, not {_shown(item)}")
            chosen.update(range(first, last + 1))
    return tuple(sorted(chosen))


def spacing(value: Any) -> tuple[float, float]:
    """Take ROW,COL in mm, as text or as a list of two numbers."""
    parts = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    try:
        row, column = (float(part) for part in parts if not isinstance(part, bool))
    except (TypeError, ValueError):
        raise ValueError(f"takes ROW,COL in mm, as 0.0005,0.0005, not {_shown(value)}") from None
    return row, column


def spacings(value: Any) -> tuple[float, ...]:
    """Take numbers above 0 in micrometres, as text with commas or as a list; return them ascending, each once."""
    parts = value if isinstance(value, list) else str(value).split(",")
    try:
        numbers = sorted({float(part) for part in parts if not isinstance(part, bool)})
    except (TypeError, ValueError):
        numbers = []
    if not numbers or not 0 < numbers[0] <= numbers[-1] < _COARSEST_UM:
        raise ValueError(f"takes micrometres per pixel, as 0.25,0.5,1, not {_shown(value)}")
    return tuple(numbers)


def icc(value: Any) -> str:
    """Take the name of a policy, or `file:PATH`."""
    names = [policy.value for policy in IccPolicy if policy is not IccPolicy.FILE]
    if value in names or (isinstance(value, str) and value.startswith("file:") and len(value) > len("file:")):
        return str(value)
    raise ValueError(f"takes {', '.join(names)} or file:PATH, not {_shown(value)}")


def background(value: Any) -> Background:
    """Take a colour as RRGGBB, or a gray value of 1 to 5 digits; a file quotes a colour of digits."""
    if isinstance(value, str) and re.fullmatch("[0-9A-Fa-f]{6}", value):
        red, green, blue = bytes.fromhex(value)
        return Background(colour=(red, green, blue))
    written = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if re.fullmatch("[0-9]{1,5}", written) and int(written) <= _LARGEST_SAMPLE:
        return Background(gray=int(written))
    raise ValueError(f"takes RRGGBB, or a gray value of 0 to {_LARGEST_SAMPLE}, not {_shown(value)}")


def megabytes(value: Any) -> int:
    """Take megabytes, a million bytes each, whole or not; return bytes."""
    try:
        return int(float(value) * 1_000_000) if not isinstance(value, bool) else int("")
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"takes megabytes, as 950, not {_shown(value)}") from None


def seconds(value: Any) -> float:
    """Take seconds above 0, whole or not."""
    try:
        count = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError):
        count = 0.0
    if not 0 < count < 1e9:
        raise ValueError(f"takes seconds above 0, as 30, not {_shown(value)}")
    return count


def gigabytes(value: Any) -> int:
    """Take gigabytes, a billion bytes each, above 0, whole or not; return bytes."""
    try:
        count = int(float(value) * 1_000_000_000) if not isinstance(value, bool) else 0
    except (TypeError, ValueError, OverflowError):
        count = 0
    if count <= 0:
        raise ValueError(f"takes gigabytes above 0, as 50, not {_shown(value)}")
    return count


_COARSEST_UM = 10_000
_MOST_LEVELS = 255
_LARGEST_SAMPLE = 2**16 - 1


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
