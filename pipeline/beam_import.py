"""Import Beam once, and quietly.

Where google-cloud-storage is installed and apitools is not, Beam warns on the root logger that BigQuery is not to be
had. Nothing here uses BigQuery, so that one record is dropped, during this import only.
"""

import gc
import logging
import sys


def import_beam() -> None:
    """Import `apache_beam`; later calls do nothing.

    The garbage collector is off meanwhile: the import makes some 300,000 objects and little garbage.
    """
    if "apache_beam" in sys.modules:
        return
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


def _is_no_apitools_notice(record: logging.LogRecord) -> bool:
    return not (isinstance(record.msg, str) and record.msg.startswith("apitools not found"))
