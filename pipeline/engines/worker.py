"""A worker process of multi_processing: Beam's SDK harness, quiet, that does not outlive the job.

`python -m pipeline.engines.worker PID` is started by `pipeline.engines.worker_process`, in the process of that id. Each
line on its standard input describes a runner to work for. Ctrl-C reaches every process of a terminal: the worker leaves
it to the process that started it, which ends the worker. When that process is killed, Linux kills the worker with it
(prctl(2), PR_SET_PDEATHSIG), so that nobody writes under the name of a job that is over; elsewhere the worker ends when
its connection breaks.
"""

import ctypes
import json
import logging
import os
import signal
import sys

from pipeline.beam_import import import_beam

_PR_SET_PDEATHSIG = 1


def main(starter: int) -> None:
    """Serve runners until there is no more; what our own modules warn of goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(starter)
    # Whatever is printed by a library must not be taken for an answer.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    import_beam()
    from apache_beam.runners.worker.sdk_worker_main import create_harness

    from pipeline.cli.messages import messages_shown
    from pipeline.engines.streams import broken_streams_unsaid
    from pipeline.transforms.process import OPENED

    with messages_shown(verbose=False), broken_streams_unsaid():
        # What fails in a bundle is the job's error, told once, by the process that runs the job.
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL + 1)
        for line in sys.stdin:
            _, harness, _ = create_harness(json.loads(line))
            try:
                harness.run()
            except Exception:
                break  # the runner is gone, and nobody is there to be told
            OPENED.close()
            os.write(answers, b"served\n")
    # Threads of the harness and of codecs have nothing left to do, and Python would wait for them.
    os._exit(0)


def _end_with(starter: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != starter:  # it ended before it could be said
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
