"""Values of a data set that anybody may have written: typed, absent, or an error that says which is unreadable.

pydicom converts a value when it is asked for and raises whatever the conversion raised. Here that becomes one
`SourceError` for each attribute, which ends the rule that asked; where values are run as a rule it is told once.
"""

import struct
from collections.abc import Sequence

from pydicom import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue

from pipeline.model.errors import SourceError

UNREADABLE = (
    BytesLengthException,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom raises of damaged values."""


def values(dataset: Dataset, keyword: str) -> tuple[object, ...]:
    """Return all values of an attribute as pydicom reads them; none when it is absent or empty."""
    try:
        value = dataset.get(keyword)
    except UNREADABLE as error:
        raise _unreadable(keyword, error) from error
    if value is None or value == "":
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return tuple(value)
    return (value,)


def text(dataset: Dataset, keyword: str) -> str:
    """Return the first value as text, empty when there is none."""
    return next(iter(texts(dataset, keyword)), "")


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return all values as text."""
    return tuple(str(value) for value in values(dataset, keyword))


def integer(dataset: Dataset, keyword: str) -> int | None:
    """Return the first value as a whole number, None when there is none."""
    for value in values(dataset, keyword):
        try:
            return int(value) if isinstance(value, int) else int(str(value))
        except UNREADABLE as error:
            raise _unreadable(keyword, error) from error
    return None


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return all values as numbers; a value that is no finite number is unreadable."""
    try:
        found = tuple(float(str(value)) for value in values(dataset, keyword))
    except UNREADABLE as error:
        raise _unreadable(keyword, error) from error
    if any(number != number or abs(number) == float("inf") for number in found):
        raise _unreadable(keyword, "not a finite number")
    return found


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value as a number, None when there is none."""
    return next(iter(numbers(dataset, keyword)), None)


def items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence; none when it is absent or empty."""
    found = values(dataset, keyword)
    if not all(isinstance(item, Dataset) for item in found):
        raise _unreadable(keyword, "not a sequence")
    return tuple(item for item in found if isinstance(item, Dataset))


def octets(dataset: Dataset, keyword: str) -> bytes:
    """Return a value of bytes, empty when there is none."""
    for value in values(dataset, keyword):
        if not isinstance(value, bytes | bytearray):
            raise _unreadable(keyword, "not bytes")
        return bytes(value)
    return b""


def is_present(dataset: Dataset, keyword: str) -> bool:
    """Whether an attribute is there, with a value or without."""
    return keyword in dataset


def missing(dataset: Dataset, keywords: Sequence[str]) -> list[str]:
    """Return the keywords that have no value (Type 1, PS3.5 7.4.1)."""
    return [keyword for keyword in keywords if not values(dataset, keyword)]


def absent(dataset: Dataset, keywords: Sequence[str]) -> list[str]:
    """Return the keywords that are not there at all (Type 2, PS3.5 7.4.3)."""
    return [keyword for keyword in keywords if keyword not in dataset]


def as_list(value: object) -> list[object]:
    """Return the values of an element, one or several."""
    return list(value) if isinstance(value, MultiValue | list) else [value]


def _unreadable(keyword: str, why: object) -> SourceError:
    return SourceError(f"{keyword} cannot be read: {str(why) or type(why).__name__}")
