# shellcheck shell=bash
# What the scripts beside it share; sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# The scripts promise paths like target/release/push-system, whatever the caller has set.
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR CARGO_BUILD_TARGET
export PATH="$root/target/tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# Read by the scripts that source this file.
# shellcheck disable=SC2034
server_binary=$root/target/release/push-system

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# attempt WHAT ADVICE COMMAND…: runs the command; when it fails, says which step that was and what to do.
attempt() {
  local what=$1 advice=$2
  shift 2
  say "$what"
  "$@" || die "this step failed: $what. $advice"
}

# Prints the Chromium that the browser tests drive.
find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then return; fi
  done
  return 1
}
