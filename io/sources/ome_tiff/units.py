"""Units of the OME data model (enumeration UnitsLength, schema 2016-06) as micrometres."""

import math

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "": 0, "d": -1, "c": -2,
    "m": -3, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
"""Powers of ten of the metre. The micro sign has two code points, and writers use both."""
_MICROMETRES = {f"{prefix}m": 10.0 ** (power + 6) for prefix, power in _PREFIXES.items()} | {
    "um": 1.0,
    "micron": 1.0,
    "Å": 1e-4,
    "thou": 25.4,
    "li": 25.4e3 / 12,
    "in": 25.4e3,
    "ft": 304.8e3,
    "yd": 914.4e3,
    "mi": 1609.344e6,
    "pt": 25.4e3 / 72,
}
DEFAULT_LENGTH = "µm"
"""Of physical sizes."""
DEFAULT_WAVELENGTH = "nm"
DEFAULT_POSITION = "reference frame"
"""Of stage positions: the frame of the microscope, whose unit nobody knows."""


def micrometres(value: str | None, unit: str | None, default: str) -> float | None:
    """Return a length in micrometres.

    None where there is no finite number, and for units that are no length: `pixel` and `reference frame`, and those
    of astronomers.
    """
    factor = _MICROMETRES.get((unit or default).strip())
    number = finite(value)
    if factor is None or number is None:
        return None
    length = number * factor
    return length if math.isfinite(length) else None


def finite(value: str | None) -> float | None:
    """Return a finite number; None for what is none."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
