"""Entry point of the conversion: `python -m pipeline.run`, `slidebeam convert`.

Parse, convert, tell, exit code: 0 all done, 1 something failed, 130 stopped. Nothing here is pickled; the graph is in
`pipeline.graph`.
"""

import sys
from collections.abc import Sequence

from pipeline.beam_import import import_beam
from pipeline.cli.failing import FAILED, leave, run_guarded
from pipeline.cli.messages import messages_shown
from pipeline.job import FinishedJob
from pipeline.options import Request, parse
from pipeline.requested import check_request, requested_slides
from pipeline.submission import hand_over, is_handed_over


def main(argv: Sequence[str] | None = None, prog: str = "slidebeam convert") -> int:
    """Convert what the arguments ask for and return the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    return run_guarded(lambda: _run(parse(arguments, prog)), arguments)


def _run(request: Request) -> int:
    check_request(request)
    if request.plan:
        from pipeline.cli.plan import show_plan

        return show_plan(request)
    if request.subscription:
        return _stream(request)
    if is_handed_over(request.beam_arguments):
        return _hand_over(request)
    return _watch(request) if request.watch else _convert(request)


def _convert(request: Request) -> int:
    from pipeline.cli.progress_view import progress_view
    from pipeline.cli.wave_teller import WaveTeller
    from pipeline.io.reports.progress import BOARD
    from pipeline.job import run_job

    inputs = requested_slides(request)
    with (
        messages_shown(verbose=request.verbose),
        progress_view(BOARD, len(inputs), shown=not (request.quiet or request.json)),
    ):
        teller = WaveTeller(request, len(inputs))
        job = run_job(inputs, request.config, request.beam_arguments, own_process=True, on_wave=teller)
    _tell_total(request, job)
    return FAILED if job.summary["slides"]["failed"] else 0


def _watch(request: Request) -> int:
    from pipeline.cli.wave_teller import WaveTeller
    from pipeline.watch import watch

    with messages_shown(verbose=request.verbose):
        job = watch(
            request.inputs,
            request.config,
            request.beam_arguments,
            interval=request.watch_interval,
            on_wave=WaveTeller(request, None),
            manifest=request.manifest,
            mapping=request.mapping,
            own_process=True,
        )
    _tell_total(request, job)
    return 0


def _tell_total(request: Request, job: FinishedJob) -> None:
    from pipeline.cli.summary import total_lines

    if not (request.quiet or request.json):
        print("\n".join(total_lines(job.summary, job.config, reports=job.reports, seconds=job.seconds)))


def _stream(request: Request) -> int:
    with messages_shown(verbose=request.verbose):
        import_beam()
        from pipeline.streaming import stream

        stream(
            request.subscription,
            request.inputs,
            request.config,
            request.beam_arguments,
            timeout=request.completion_timeout,
        )
    return 0


def _hand_over(request: Request) -> int:
    inputs = requested_slides(request)
    with messages_shown(verbose=request.verbose):
        job = hand_over(inputs, request.config, request.beam_arguments, own_process=True)
    if not (request.quiet or request.json):
        print(f"the graph for {job.slides} slides is written; the job's reports will be in {job.reports}")
    return 0


if __name__ == "__main__":
    leave(main(prog="python -m pipeline.run"))
