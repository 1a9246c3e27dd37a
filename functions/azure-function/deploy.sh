#!/usr/bin/env bash
# Deploys the function to a resource group of the az command's subscription, or updates it, and prints how engines use it.
#   bash functions/azure-function/deploy.sh [group] [parameter=value ...]
# Needs az, zip, a location (`az config set defaults.location=westeurope`, or LOCATION), and the rights of an Owner of the group.
set -euo pipefail
cd "$(dirname "$0")"

group=weftkit-state
if [ $# -gt 0 ] && [[ $1 != *=* ]]; then
  group=$1
  shift
fi
if [ ! -f dist/main.mjs ]; then
  echo "dist/main.mjs is missing: run \`npm run build\` in the repository first" >&2
  exit 1
fi
if ! az group show --name "$group" >/dev/null 2>&1; then
  location=${LOCATION:-$(az config get defaults.location --query value --output tsv 2>/dev/null || true)}
  if [ -z "$location" ]; then
    echo "no location: set LOCATION, to westeurope for example" >&2
    exit 1
  fi
  az group create --name "$group" --location "$location" --output none
fi

# The value of a secret that is in the vault is not this script's to read: one is made where there is none.
has_secret=$(az resource list --resource-group "$group" --resource-type Microsoft.Web/sites --query "length(@)" --output tsv)
secret=
for parameter in "$@"; do
  [[ $parameter != secret=* ]] || secret=${parameter#secret=}
done
if [ "$has_secret" = 0 ] && [ -z "$secret" ]; then
  secret=$(openssl rand -hex 32)
  set -- "$@" "secret=$secret"
fi
parameters=()
[ $# -eq 0 ] || parameters=(--parameters "$@")
deployed=$(az deployment group create --resource-group "$group" --name weftkit-state --template-file main.bicep \
  ${parameters[@]+"${parameters[@]}"} --output tsv \
  --query "properties.outputs.[persistUrl.value, appName.value, stateAccountName.value, vaultName.value]")
{
  read -r url
  read -r app
  read -r account
  read -r vault
} < <(tr '\t' '\n' <<<"$deployed")

package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
(cd dist && zip -q -r "$package/app.zip" .)
az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$package/app.zip" \
  --output none >&2

echo
echo "The function serves, and keeps state in the storage account $account. In the folder of your compose file:"
echo
if [ -n "$secret" ]; then
  echo "(umask 077; mkdir -p secrets; echo '$secret' >secrets/persist_secret)"
else
  echo "(umask 077; mkdir -p secrets; az keyvault secret show --vault-name $vault --name persist-secret --query value --output tsv >secrets/persist_secret)"
fi
echo "npx weftkit compose --engines inmemory --persist serverless --persist-url $url"
