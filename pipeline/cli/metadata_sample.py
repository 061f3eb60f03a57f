"""`slidebeam metadata-sample`: a filled metadata file to start from."""

from collections.abc import Sequence

from pipeline.cli.failing import run_guarded


def main(argv: Sequence[str]) -> int:
    """Print the sample and return the exit code."""
    return run_guarded(lambda: _print_sample(argv), argv)


def _print_sample(argv: Sequence[str]) -> int:
    from pipeline.model.metadata import Sample, sample_metadata
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam metadata-sample",
        description="Print a filled file for --metadata or --dataset (JSON); docs/metadata.md explains the keys.",
    )
    parser.add_argument(
        "kind",
        nargs="?",
        type=Sample,
        choices=list(Sample),
        default=Sample.JSON,
        help="json: our keys (the default); fhir: a Bundle of FHIR R4; dataset: attributes for --dataset",
    )
    print(sample_metadata(parser.parse_args(list(argv)).kind), end="")
    return 0
