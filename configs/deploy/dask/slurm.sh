#!/bin/bash
# A corpus on a Slurm cluster: one job holds a dask scheduler, a worker a core, and the conversion.
#
#   sbatch slurm.sh '/project/slides/**/*.svs' /project/dicom --metadata /project/study.json
#
# Slides and output are on a file system, or in a bucket, that all nodes reach; slidebeam[dask] is installed in VENV on
# all of them. When the job is out of time, submit it again: what is published is not done again.
#SBATCH --job-name=slidebeam
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=1G
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail
(($# >= 2)) || { echo "usage: sbatch slurm.sh INPUT OUTPUT [options of slidebeam convert]" >&2; exit 2; }
input=$1 output=$2
shift 2

source "${VENV:?names the virtual environment with slidebeam[dask]}/bin/activate"
run=$(mktemp -d -p "${SCRATCH:-$PWD}" slidebeam-dask.XXXXXX)  # a folder that all nodes see: the scheduler's address
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$run"' EXIT
trap 'exit 143' TERM

export OMP_NUM_THREADS=1 MALLOC_TRIM_THRESHOLD_=65536
dask scheduler --scheduler-file "$run/scheduler.json" --no-dashboard &
# One process a core, one thread each, and --threads 1 below: a process has a pool of codec threads of its own.
srun --kill-on-bad-exit=0 dask worker --scheduler-file "$run/scheduler.json" --no-dashboard \
    --nworkers "$SLURM_CPUS_PER_TASK" --nthreads 1 --memory-limit 0 --local-directory "${TMPDIR:-/tmp}" &

slidebeam convert --input "$input" --output "$output" "$@" --threads 1 \
    --runner DaskRunner --dask_scheduler_file "$run/scheduler.json" \
    --dask_npartitions $((2 * SLURM_NTASKS * SLURM_CPUS_PER_TASK)) &
wait $!
