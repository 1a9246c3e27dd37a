#!/usr/bin/env bash
# Deploys the function to the account and region of the AWS CLI, or updates it, and prints how engines use it.
#   bash functions/aws-lambda/deploy.sh [stack] [parameter=value ...]
# Needs the AWS CLI (version 2) and rights to make buckets, roles, secrets and functions.
set -euo pipefail
cd "$(dirname "$0")"

stack=weftkit-state
if [ $# -gt 0 ] && [[ $1 != *=* ]]; then
  stack=$1
  shift
fi
if [ ! -f dist/main.mjs ]; then
  echo "dist/main.mjs is missing: run \`npm run build\` in the repository first" >&2
  exit 1
fi
account=$(aws sts get-caller-identity --query Account --output text)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
if [ -z "$region" ]; then
  echo "no region: set AWS_REGION" >&2
  exit 1
fi

# CloudFormation takes a function's code from a bucket; it holds nothing else.
code=weftkit-deploy-$account-$region
aws s3api head-bucket --bucket "$code" >/dev/null 2>&1 || aws s3 mb "s3://$code" --region "$region" >/dev/null
packaged=$(mktemp)
trap 'rm -f "$packaged"' EXIT
aws cloudformation package --region "$region" --template-file template.yaml --s3-bucket "$code" \
  --output-template-file "$packaged" >/dev/null
parameters=()
[ $# -eq 0 ] || parameters=(--parameter-overrides "$@")
aws cloudformation deploy --region "$region" --template-file "$packaged" --stack-name "$stack" \
  --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset ${parameters[@]+"${parameters[@]}"} >&2

output() {
  aws cloudformation describe-stacks --region "$region" --stack-name "$stack" \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}
url=$(output PersistUrl)
secret=$(aws secretsmanager get-secret-value --region "$region" --secret-id "$(output SecretArn)" \
  --query SecretString --output text)

cat <<END

The function serves, and keeps state in the bucket $(output BucketName). In the folder of your compose file:

(umask 077; mkdir -p secrets; echo '$secret' >secrets/persist_secret)
npx weftkit compose --engines inmemory --persist serverless --persist-url ${url%/}
END
