#!/usr/bin/env bash
# Builds a server with failpoints and the checker, runs every scenario on every database that is installed, and puts the
# table into docs/guarantee.md; arguments go to `loadtest check`, and without --long no table is written.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The release is built last, so that what stands in its place has no failpoints.
scripts/setup.sh rust front
scripts/front.sh
chaos_server=$root/target/chaos/push-system
attempt "building a server with failpoints" "The compiler's own message is above." \
  cargo build --release --package server --features failpoints
mkdir -p "$(dirname "$chaos_server")"
cp "$server_binary" "$chaos_server"
scripts/build.sh
attempt "building the checker" "The compiler's own message is above." cargo build --release --package loadtest
if [ $# = 0 ]; then set -- --long --write docs/guarantee.md; fi
# The scenarios are bounded one by one; this is for all of them.
exec timeout --signal INT 1800 target/release/loadtest check --server "$chaos_server" "$@"
