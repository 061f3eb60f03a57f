"""`--plan`: say what a conversion would do."""

import json

from pipeline.cli.failing import FAILED
from pipeline.cli.messages import messages_shown
from pipeline.inputs import expand_inputs
from pipeline.model.errors import ConfigError
from pipeline.options import Request


def show_plan(request: Request) -> int:
    """Plan what the arguments ask for and return the exit code: 0 when nothing would fail."""
    from pipeline.cli.plan_text import MOST_ROWS, plan_lines
    from pipeline.cli.progress_view import progress_view
    from pipeline.configs.estimate_files import load_prices, load_rates
    from pipeline.io.reports.progress import BOARD
    from pipeline.planning import plan_job

    if request.watch:
        raise ConfigError("--plan is of the slides that are there, --watch of those that come: give one of them")
    rates = load_rates(request.rates)
    prices = load_prices(request.prices) if request.prices else None
    inputs = expand_inputs(request.inputs, request.config.output)
    with (
        messages_shown(verbose=request.verbose),
        progress_view(BOARD, len(inputs), shown=not (request.quiet or request.json)),
    ):
        plan = plan_job(
            inputs,
            request.config,
            request.beam_arguments,
            rates=rates,
            prices=prices,
            cores=request.plan_cores,
            shown_rows=MOST_ROWS,
            own_process=True,
        )
    if request.json:
        print(json.dumps(plan.report))
    elif not request.quiet:
        print("\n".join(plan_lines(plan.report, plan.rows, plan.reports)))
    return FAILED if plan.has_problems else 0
