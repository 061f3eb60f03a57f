"""Entry point of the conversion: `python -m pipeline.run`, `slidebeam convert`.

Parse, convert, tell, exit code: 0 all done, 1 something failed, 130 stopped. Nothing here is pickled; the graph is in
`pipeline.graph`.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from pipeline.cli.failing import FAILED, leave, run_guarded
from pipeline.cli.messages import about, messages_shown, tell_error
from pipeline.inputs import expand_inputs
from pipeline.options import Request, parse


def main(argv: Sequence[str] | None = None, prog: str = "slidebeam convert") -> int:
    """Convert what the arguments ask for and return the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    return run_guarded(lambda: _convert(parse(arguments, prog)), arguments)


def _convert(request: Request) -> int:
    from pipeline.cli.progress_view import progress_view
    from pipeline.cli.summary import summary_lines
    from pipeline.io.reports.progress import BOARD
    from pipeline.job import run_job

    inputs = expand_inputs(request.inputs, request.config.output)
    with (
        messages_shown(verbose=request.verbose),
        progress_view(BOARD, len(inputs), shown=not (request.quiet or request.json)),
    ):
        job = run_job(inputs, request.config, request.beam_arguments, own_process=True)
    if request.json:
        print(json.dumps(job.report))
    elif not request.quiet:
        print("\n".join(summary_lines(job)))
    failed = [slide for slide in job.report["slides"] if slide["status"] == "failed"]
    for slide in failed:
        tell_error(_failure_text(slide, job.report["failures"]))
    return FAILED if failed else 0


def _failure_text(slide: dict[str, Any], failures: list[dict[str, Any]]) -> str:
    """Return a slide's first failure with its place, and the number of the others."""
    own = [failure for failure in failures if failure["slide_id"] == slide["slide_id"]]
    first, more = own[0], len(own) - 1
    place = ", ".join(f"{name} {first[name]}" for name in ("level", "frame") if first[name] is not None)
    message = f"{place}: {first['message']}" if place else first["message"]
    return about(slide["slide_id"], message) + (f" (and {more} more, in failures.jsonl)" if more else "")


if __name__ == "__main__":
    leave(main(prog="python -m pipeline.run"))
