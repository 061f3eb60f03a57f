"""`--plan`: say what a conversion would do."""

import json

from pipeline.cli.failing import FAILED
from pipeline.cli.messages import messages_shown, tell, tell_error
from pipeline.options import Request
from pipeline.requested import previewed_slides


def show_plan(request: Request) -> int:
    """Plan what the arguments ask for and return the exit code: 0 when nothing would fail."""
    from pipeline.cli.plan_text import MOST_ROWS, plan_lines, problem_texts
    from pipeline.cli.progress_view import progress_view
    from pipeline.configs.estimate_files import load_prices, load_rates
    from pipeline.io.reports.progress import BOARD
    from pipeline.planning import plan_job

    rates = load_rates(request.rates)
    prices = load_prices(request.prices) if request.prices else None
    preview = previewed_slides(request)
    with (
        messages_shown(verbose=request.verbose),
        progress_view(BOARD, len(preview.slides), shown=not (request.quiet or request.json)),
    ):
        plan = plan_job(
            preview.slides,
            request.config,
            request.beam_arguments,
            rates=rates,
            prices=prices,
            cores=request.plan_cores,
            shown_rows=MOST_ROWS,
            refusals=preview.lines if preview.is_refused else (),
            own_process=True,
        )
    for line in () if preview.is_refused else preview.lines:
        tell(line)
    if request.json:
        print(json.dumps(plan.report))
    elif not request.quiet:
        print("\n".join(plan_lines(plan.report, plan.rows, plan.reports)))
    if request.json or request.quiet:
        for text in problem_texts(plan.report):
            tell_error(text)
    return FAILED if plan.has_problems else 0
