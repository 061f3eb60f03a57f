"""A dask cluster of Slurm jobs, for conversions that are started elsewhere (dask-jobqueue, BSD-3-Clause).

    python jobqueue.py 8 /project/scheduler.json &
    slidebeam convert --input '/project/slides/**/*.svs' --output /project/dicom --threads 1 \
        --runner DaskRunner --dask_scheduler_file /project/scheduler.json

starts eight Slurm jobs of sixteen workers each and keeps them until it is ended. For PBS, SGE, LSF or HTCondor take
PBSCluster and so on; the arguments are the same.
"""

import json
import signal
import sys
from pathlib import Path

from dask_jobqueue import SLURMCluster


def main(jobs: int, scheduler_file: Path) -> None:
    """Keep so many Slurm jobs at work, and write where their scheduler is."""
    with SLURMCluster(
        cores=16,
        processes=16,
        memory="16GB",
        walltime="12:00:00",
        # A worker that Slurm is about to end gives its results away first.
        worker_extra_args=["--lifetime", "11h50m", "--lifetime-stagger", "5m"],
        scheduler_options={"dashboard": False},
    ) as cluster:
        cluster.scale(jobs=jobs)
        scheduler_file.write_text(json.dumps({"address": cluster.scheduler_address, "type": "Scheduler"}))
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
