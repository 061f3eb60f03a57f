"""Import Beam once, and quietly.

Where google-cloud-storage is installed and apitools is not, Beam warns on the root logger that BigQuery is not to be
had. Nothing here uses BigQuery, so that one record is dropped, during this import only.

In a notebook Beam names transforms after the cell, by its interactive part, which raises where pandas is missing, or
is of version 3. So Beam is told that it is in a notebook only where somebody has imported that part before.
"""

import gc
import logging
import sys
from importlib import import_module
from typing import Any

_INTERACTIVE = "apache_beam.runners.interactive.interactive_environment"


def import_beam() -> None:
    """Import `apache_beam`; later calls do nothing.

    The garbage collector is off meanwhile: the import makes some 300,000 objects and little garbage.
    """
    if "apache_beam" not in sys.modules:
        _import_quietly()
    if "IPython" in sys.modules:
        _work_in_notebooks()


def _import_quietly() -> None:
    root = logging.getLogger()
    handlers = list(root.handlers)
    root.addFilter(_is_no_apitools_notice)
    collecting = gc.isenabled()
    gc.disable()
    try:
        import apache_beam  # noqa: F401
    finally:
        root.removeFilter(_is_no_apitools_notice)
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
        if collecting:
            gc.enable()


def _work_in_notebooks() -> None:
    beam_pipeline: Any = import_module("apache_beam.pipeline")
    beam_pipeline.alter_label_if_ipython = _name_after_cell
    # Decides whether a pipeline removes its temporary folder itself.
    beam_pipeline.is_in_ipython = _is_interactive


def _name_after_cell(transform: Any, inputs: Any) -> None:
    if _is_interactive():
        from apache_beam.utils.interactive_utils import alter_label_if_ipython

        alter_label_if_ipython(transform, inputs)


def _is_interactive() -> bool:
    from apache_beam.utils.interactive_utils import is_in_ipython

    return _INTERACTIVE in sys.modules and bool(is_in_ipython())


def _is_no_apitools_notice(record: logging.LogRecord) -> bool:
    return not (isinstance(record.msg, str) and record.msg.startswith("apitools not found"))
