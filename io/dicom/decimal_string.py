"""Numbers as DS: at most 16 characters (PS3.5 6.2)."""

_CHARACTERS = 16
_DIGITS = 15
"""Decimal digits that a float holds for certain."""
_NOTHING = 1e-12
"""Below this a length in millimetres or micrometres is none."""


def decimal_string(value: float) -> str:
    """Return the most precise decimal string of at most 16 characters; a whole number has no fraction."""
    if abs(value) < _NOTHING:
        return "0"
    texts = (f"{value:.{digits}g}" for digits in range(_DIGITS, 0, -1))
    return next(text for text in texts if len(text) <= _CHARACTERS)
