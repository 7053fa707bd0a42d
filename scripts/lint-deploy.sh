#!/usr/bin/env bash
# What deployment files say about the rest of this repository, and would go on saying when that changes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

settings=$(grep -oE 'variable: "[A-Z_]+"' server/src/config.rs | grep -oE '[A-Z_]{2,}')
[ -n "$settings" ] || die "server/src/config.rs names no settings in the way this script looks for them"

# mentioned PATTERN FILE…: what matches in the files, once each.
mentioned() {
  local pattern=$1
  shift
  { grep -ohE "$pattern" "$@" || true; } | LC_ALL=C sort -u
}

# known WHERE NAME…: fails when one of the names is no setting; the server would refuse to start with it.
known() {
  local where=$1 name
  shift
  for name in "$@"; do
    grep -qx "$name" <<<"$settings" || die "$where names $name, which is no setting of server/src/config.rs"
  done
}

mapfile -t names < <(mentioned '\bPUSH_[A-Z_]+\b' Dockerfile compose.yaml .env.example deploy/* docs/deploy.md)
known "a deployment file" "${names[@]}"

# The keys of the examples of push-system.toml are the variables' names in small letters.
mapfile -t keys < <(mentioned '^[a-z_]+ = ' docs/deploy.md)
[ ${#keys[@]} -gt 0 ] || die "docs/deploy.md shows no push-system.toml in the way this script looks for it"
for key in "${keys[@]}"; do
  key=${key% = }
  grep -qx "key: \"$key\"" < <(grep -oE 'key: "[a-z_]+"' server/src/config.rs) ||
    die "docs/deploy.md sets $key, which is no key of push-system.toml"
done

offered=$(mentioned '^[A-Z_]+=' .env.example | tr -d =)
taken=$(mentioned '\$\{[A-Z_]+' compose.yaml | cut -c3-)
[ "$offered" = "$taken" ] || die "compose.yaml takes other variables than .env.example offers:
$(diff <(echo "$taken") <(echo "$offered"))"

# The unit and compose must outlast the longest drain window.
longest=$(sed -n 's/^const DRAIN_SECONDS_MAX: u64 = \([0-9]*\);/\1/p' server/src/config/values.rs)
[ -n "$longest" ] || die "server/src/config/values.rs has no DRAIN_SECONDS_MAX"
unit=$(sed -n 's/^TimeoutStopSec=//p' deploy/push-system.service)
compose=$(sed -n '/^  app:/,/^  postgres:/s/^ *stop_grace_period: \([0-9]*\)s$/\1/p' compose.yaml)
for patience in "$unit" "$compose"; do
  [ "${patience:-0}" -gt "$longest" ] || die "a stop is given ${patience:-no} seconds, and PUSH_DRAIN_SECONDS may be $longest: deploy/push-system.service, compose.yaml"
done
