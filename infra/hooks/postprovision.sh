#!/bin/sh
# azd runs this after it provisioned: the secrets are in Key Vault now, so they leave the azd environment's file.
set -eu

for name in HUNTER_TOKEN_CACHE_KEY HUNTER_PARTNER_CENTER_CLIENT_SECRET; do
  eval "value=\${$name:-}"
  if [ -n "$value" ]; then
    azd env set "$name" ""
  fi
done

sh "$(dirname "$0")/smoke.sh" --if-deployed
