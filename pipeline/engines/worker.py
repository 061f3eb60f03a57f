"""A worker process of multi_processing: Beam's SDK harness, quiet, that does not outlive the job.

`python -m pipeline.engines.worker LIFE` is started by `pipeline.engines.worker_process`; LIFE is the descriptor of a
lifeline. Each line on its standard input describes a runner to work for. Ctrl-C reaches every process of a terminal:
the worker leaves it to the process that started it, which ends the worker. When that process ends, however it does, the
worker ends with it (`pipeline.io.isolation.lifeline`), so that nobody writes under the name of a job that is over.
"""

import json
import logging
import os
import signal
import sys

from pipeline.beam_import import import_beam
from pipeline.io.isolation.lifeline import end_with_parent


def main(life: int) -> None:
    """Serve runners until there is no more; what our own modules warn of goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(life)
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


if __name__ == "__main__":
    main(int(sys.argv[1]))
