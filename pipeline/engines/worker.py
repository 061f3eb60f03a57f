"""A worker process of multi_processing: Beam's SDK harness, quiet, that does not outlive the job.

`python -m pipeline.engines.worker PID` is started by `pipeline.engines.processes`, in the process of that id. Ctrl-C
reaches every process of a terminal: the worker leaves it to the process that started it, which ends the worker. When
that process is killed, Linux kills the worker with it (prctl(2), PR_SET_PDEATHSIG), so that nobody writes under the
name of a job that is over; elsewhere the worker ends when its connection breaks.
"""

import ctypes
import logging
import os
import signal
import sys

from pipeline.beam_import import import_beam

_PR_SET_PDEATHSIG = 1


def main(starter: int) -> None:
    """Serve bundles until the runner has no more; what our own modules warn of goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(starter)
    import_beam()
    from apache_beam.runners.worker.sdk_worker_main import create_harness

    from pipeline.cli.messages import messages_shown
    from pipeline.engines.streams import broken_streams_unsaid

    with messages_shown(verbose=False), broken_streams_unsaid():
        # What fails in a bundle is the job's error, told once, by the process that runs the job.
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL + 1)
        _, harness, _ = create_harness(os.environ)
        try:
            harness.run()
        except Exception:
            # The runner is gone; nobody is there to be told.
            os._exit(1)
    # Threads of the harness and of codecs have nothing left to do, and Python would wait for them.
    sys.stderr.flush()
    os._exit(0)


def _end_with(starter: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != starter:  # it ended before it could be said
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
