#!/bin/sh
# azd runs this before it provisions; the azd environment's values are in the environment.
# The token cache's key must be in Key Vault before anybody signs in. It is made here once; postprovision removes it again.
set -eu

if [ -z "${AZURE_KEY_VAULT_NAME:-}" ] && [ -z "${HUNTER_TOKEN_CACHE_KEY:-}" ]; then
  # A Fernet key: 32 random bytes in url-safe base64. A leading hyphen would be taken for an option.
  key=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | sed 's/^-/A/')
  azd env set HUNTER_TOKEN_CACHE_KEY "$key"
  echo "Made a key for the token cache; it goes to Key Vault."
fi

# A budget keeps the month in which it began: a later deployment with another one would be refused.
if [ "${HUNTER_MONTHLY_BUDGET:-0}" != 0 ] && [ -z "${HUNTER_BUDGET_START:-}" ]; then
  azd env set HUNTER_BUDGET_START "$(date -u +%Y-%m)-01"
fi

# The secret itself is given once; that there is one must be known at every later deployment too.
if [ -n "${HUNTER_PARTNER_CENTER_CLIENT_SECRET:-}" ]; then
  azd env set HUNTER_PARTNER_CENTER_USES_CLIENT_SECRET true
fi
