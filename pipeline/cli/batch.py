"""`slidebeam batch`: the same as `python -m pipeline.batch_converter`."""

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Serve what is in the inbox and return the exit code."""
    from pipeline import batch_converter

    return batch_converter.main(argv)
