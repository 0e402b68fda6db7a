#!/bin/sh
# Checks from outside who may reach a deployed app: exactly the health check and the events route get past the platform, and
# the events route is refused by the app itself, for want of Microsoft's signature. azd runs it after it deployed; after it
# provisioned (smoke.sh --if-deployed) it checks only what is there already. By hand: smoke.sh https://<app>.azurewebsites.net
set -eu

if_deployed=""
if [ "${1:-}" = "--if-deployed" ]; then
  if_deployed=1
  shift
fi
base=${1:-${HUNTER_PAGE_URL:-}}
base=${base%/app}
if [ -z "$base" ]; then
  exit 0
fi
api=$base/api/v1/partner-center
tries=${HUNTER_SMOKE_TRIES:-24}
if [ -n "$if_deployed" ]; then
  tries=1
fi

# The status of an answer, and whether the app itself gave it: every answer of the app carries a correlation id.
# A caller's identity header is sent along: where the app believed it, it would answer.
ask() {
  curl --silent --show-error --max-time 60 --output /dev/null --dump-header - \
    --header "X-MS-CLIENT-PRINCIPAL: e30=" --request "$@" |
    awk 'tolower($0) ~ /^http\// { status = $2; app = "platform" } tolower($0) ~ /^x-correlation-id:/ { app = "app" }
      END { print status, app }'
}

attempt=1
while [ "$(ask GET "$base/api/health" 2>/dev/null || true)" != "200 app" ]; do
  if [ "$attempt" -ge "$tries" ]; then
    if [ -n "$if_deployed" ]; then
      echo "The app does not answer yet, so who may reach it was not checked; azd deploy checks it."
      exit 0
    fi
    echo "The app does not answer at $base/api/health." >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  sleep 5
done

failed=""
answer=$(ask POST "$api/events" --header "Content-Type: application/json" --data '{}')
case $answer in
  "401 app" | "404 app" | "429 app") ;;
  *)
    echo "The events route has to be refused by the app itself, and was answered: $answer. See excludedPaths." >&2
    failed=1
    ;;
esac
for address in "GET $base/app" "GET $api/referrals" "GET $api/sync" "POST $api/referrals/sync" "GET $api/webhook" \
  "POST $api/sign-in" "GET $api/events/x" "GET $api/me"; do
  answer=$(ask ${address})
  case $answer in
    "200 "* | *" app")
      echo "${address#* } has to be refused by the platform, and was answered: $answer. Close the app: docs/security.md." >&2
      failed=1
      ;;
  esac
done
if [ -n "$failed" ]; then
  exit 1
fi
echo "Nobody gets in without a sign-in, and events only with Microsoft's signature."
