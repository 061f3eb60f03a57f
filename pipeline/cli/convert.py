"""`slidebeam convert`: the same as `python -m pipeline.run`."""

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Convert slides and return the exit code."""
    from pipeline import run

    return run.main(argv)
