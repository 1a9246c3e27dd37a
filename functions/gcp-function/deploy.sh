#!/usr/bin/env bash
# Deploys the function to the project of the gcloud command, or updates it, and prints how engines use it.
#   bash functions/gcp-function/deploy.sh [name] [WKP_VARIABLE=value ...]
# Needs gcloud, a region (`gcloud config set functions/region europe-west1`, or REGION), and rights to make all of it.
set -euo pipefail
cd "$(dirname "$0")"

name=weftkit-state
if [ $# -gt 0 ] && [[ $1 != *=* ]]; then
  name=$1
  shift
fi
if [ ! -f dist/main.mjs ]; then
  echo "dist/main.mjs is missing: run \`npm run build\` in the repository first" >&2
  exit 1
fi
project=$(gcloud config get-value project 2>/dev/null)
region=${REGION:-$(gcloud config get-value functions/region 2>/dev/null)}
if [ -z "$project" ] || [ -z "$region" ]; then
  echo "no project or region: gcloud config set project ID; gcloud config set functions/region europe-west1" >&2
  exit 1
fi
bucket=$project-$name
account=$name@$project.iam.gserviceaccount.com
role=weftkitState
quiet=(--project "$project" --quiet)

gcloud services enable "${quiet[@]}" artifactregistry.googleapis.com cloudbuild.googleapis.com \
  cloudfunctions.googleapis.com iam.googleapis.com run.googleapis.com secretmanager.googleapis.com storage.googleapis.com

gcloud storage buckets describe "gs://$bucket" "${quiet[@]}" >/dev/null 2>&1 ||
  gcloud storage buckets create "gs://$bucket" "${quiet[@]}" --location "$region" \
    --uniform-bucket-level-access --public-access-prevention --soft-delete-duration 7d

gcloud iam service-accounts describe "$account" "${quiet[@]}" >/dev/null 2>&1 ||
  gcloud iam service-accounts create "$name" "${quiet[@]}" --display-name "WeftKit's WKP-1 function"
gcloud iam roles describe "$role" "${quiet[@]}" >/dev/null 2>&1 ||
  gcloud iam roles create "$role" "${quiet[@]}" --title "WeftKit state" --stage GA \
    --permissions storage.objects.create,storage.objects.delete,storage.objects.get,storage.objects.list >/dev/null
gcloud storage buckets add-iam-policy-binding "gs://$bucket" "${quiet[@]}" \
  --member "serviceAccount:$account" --role "projects/$project/roles/$role" >/dev/null

gcloud secrets describe "$name" "${quiet[@]}" >/dev/null 2>&1 ||
  openssl rand -hex 32 | tr -d '\n' |
  gcloud secrets create "$name" "${quiet[@]}" --replication-policy automatic --data-file -
gcloud secrets add-iam-policy-binding "$name" "${quiet[@]}" \
  --member "serviceAccount:$account" --role roles/secretmanager.secretAccessor >/dev/null

# Every request is signed with the secret; the function answers 401 to any other before it reads more than its headers.
variables=$(IFS=, && echo "WKP_STORE=gs://$bucket${*:+,$*}")
gcloud functions deploy "$name" "${quiet[@]}" --gen2 --region "$region" --runtime nodejs24 --source dist \
  --entry-point persist --trigger-http --allow-unauthenticated --service-account "$account" \
  --memory 512Mi --cpu 1 --concurrency 16 --max-instances 20 --timeout 60s \
  --set-env-vars "$variables" --set-secrets "WKP_SECRET=$name:latest" >&2

url=$(gcloud functions describe "$name" "${quiet[@]}" --gen2 --region "$region" --format 'value(serviceConfig.uri)')
secret=$(gcloud secrets versions access latest "${quiet[@]}" --secret "$name")

cat <<END

The function serves, and keeps state in the bucket $bucket. In the folder of your compose file:

(umask 077; mkdir -p secrets; echo '$secret' >secrets/persist_secret)
npx weftkit compose --engines inmemory --persist serverless --persist-url ${url%/}
END
