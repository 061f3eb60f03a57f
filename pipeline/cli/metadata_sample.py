"""`slidebeam metadata-sample`: a filled metadata file to start from."""

from collections.abc import Sequence

from pipeline.cli.failing import run_guarded


def main(argv: Sequence[str]) -> int:
    """Print the sample and return the exit code."""
    return run_guarded(lambda: _print_sample(argv), argv)


def _print_sample(argv: Sequence[str]) -> int:
    from pipeline.model.metadata import sample_metadata
    from pipeline.options import CommandParser

    CommandParser(
        prog="slidebeam metadata-sample",
        description="Print a filled metadata file (JSON) for --metadata; docs/metadata.md explains the keys.",
    ).parse_args(list(argv))
    print(sample_metadata(), end="")
    return 0
