#!/usr/bin/env bash
# Start a Dataflow job every night from the Flex Template of configs/deploy/dataflow: finished slides are skipped.
# Not tried: it needs a cloud project. Roles of the account: dataflow.developer, iam.serviceAccountUser, and
# storage.objectViewer on the bucket of the template.
set -euo pipefail

: "${PROJECT:?a Google Cloud project}" "${REGION:?as europe-west4}" "${BUCKET:?of slides, output and template}"
: "${ACCOUNT:?the service account that starts the job}" "${IMAGE:?the image of configs/deploy/image}"

body=$(cat <<JSON
{
  "launchParameter": {
    "jobName": "slidebeam-nightly",
    "containerSpecGcsPath": "gs://${BUCKET}/templates/slidebeam.json",
    "parameters": {
      "input": "gs://${BUCKET}/slides/**/*.svs",
      "output": "gs://${BUCKET}/dicom",
      "manifest": "gs://${BUCKET}/cohort.csv",
      "mapping": "gs://${BUCKET}/mapping.yaml",
      "sdk_container_image": "${IMAGE}"
    }
  }
}
JSON
)

gcloud scheduler jobs create http slidebeam-nightly \
  --project "$PROJECT" --location "$REGION" \
  --schedule "0 20 * * *" --time-zone "Etc/UTC" \
  --uri "https://dataflow.googleapis.com/v1b3/projects/${PROJECT}/locations/${REGION}/flexTemplates:launch" \
  --http-method POST --message-body "$body" \
  --oauth-service-account-email "$ACCOUNT"
