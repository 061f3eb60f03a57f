"""Entry point of the batch converter: `python -m pipeline.batch_converter`, `slidebeam batch`.

Parse, work, exit code: 0 all done, or asked to stop while watching; 1 something failed; 2 an option is wrong; 130
stopped. The work is in `pipeline.batch`.
"""

import os
import sys
from collections.abc import Sequence

from pipeline.batch.settings import BatchSettings, batch_settings
from pipeline.cli.failing import leave, run_guarded
from pipeline.cli.messages import messages_shown


def main(argv: Sequence[str] | None = None, prog: str = "slidebeam batch") -> int:
    """Do what the arguments and the environment ask for and return the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    return run_guarded(lambda: _run(batch_settings(arguments, os.environ, prog)), arguments)


def _run(settings: BatchSettings) -> int:
    from pipeline.batch import running

    with messages_shown(verbose=settings.verbose):
        if settings.dry_run:
            return running.plan(settings)
        return running.watch(settings) if settings.watch else running.run_once(settings)


if __name__ == "__main__":
    leave(main(prog="python -m pipeline.batch_converter"))
