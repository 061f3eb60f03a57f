"""Numbers as DS: at most 16 characters (PS3.5 6.2)."""

from pydicom.valuerep import format_number_as_ds


def decimal_string(value: float) -> str:
    """Return the most precise decimal string of at most 16 characters; a whole number has no fraction."""
    return str(int(value)) if value == int(value) and abs(value) < 10**15 else format_number_as_ds(float(value))
