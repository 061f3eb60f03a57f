"""Numbers as scanners write them: a scale or a power, or nothing where there is none."""

import math


def positive(text: str | None) -> float | None:
    """Read a number; None for what is none: 0, less, infinite, or no number at all."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
