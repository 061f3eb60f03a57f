#!/usr/bin/env bash
# Convert slides on a Flink cluster: submit.sh SLIDES OUTPUT [OPTION ...], as
#   JOB_SERVER=jobserver:8099 PARALLELISM=8 configs/deploy/flink/submit.sh 'gs://scans/2024/**/*.svs' gs://archive/wsi
# docs/corpus/flink.md says why each option is as it is.
set -euo pipefail

: "${JOB_SERVER:?host and port of the job server of Beam}"
: "${PARALLELISM:?tasks of a stage, at most the slots of the cluster}"
slides=${1:?slides: addresses, globs or a manifest}
output=${2:?output: gs://BUCKET/PREFIX or s3://BUCKET/PREFIX}
shift 2

exec python -m pipeline.run --input "$slides" --output "$output" \
  --runner PortableRunner --job_endpoint "$JOB_SERVER" \
  --environment_type EXTERNAL --environment_config "${WORKER_POOL:-localhost:50000}" \
  --parallelism "$PARALLELISM" --sdk_worker_parallelism 1 --execution_mode_for_batch BATCH_FORCED "$@"
