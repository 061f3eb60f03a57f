"""Text that can be written. Names of files are bytes on Linux, and Python tells what is no UTF-8 in them by surrogates.

No encoder takes those, so one such name in a message would fail the report of all slides.
"""


def printable(text: str) -> str:
    r"""Return a text that can be encoded: `\udcff` as it is written here stands for a byte that is no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
