#!/usr/bin/env bash
# Builds a server with failpoints and the checker, both as releases, runs every scenario on every database that is
# installed, and leaves the table in target/guarantee.md. Arguments go to `loadtest check` instead:
#   --fault NAME                       one scenario; --list names them
#   --long --table docs/guarantee.md   all of them, and the table into the document
#   --long --slack 3                   all of them, on a machine that is slow or busy
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The scenarios are bounded one by one; this is for all of them.
minutes=30

# The release is built last, so that what stands in its place has no failpoints.
scripts/setup.sh rust front servers
scripts/front.sh
chaos_server=$root/target/chaos/push-system
attempt "building a server with failpoints" "The compiler's own message is above." \
  cargo build --release --package server --features failpoints
mkdir -p "$(dirname "$chaos_server")"
cp "$server_binary" "$chaos_server"
scripts/build.sh
attempt "building the checker" "The compiler's own message is above." cargo build --release --package loadtest
if [ $# = 0 ]; then set -- --long --table target/guarantee.md; fi
exec timeout --signal INT "${minutes}m" target/release/loadtest check --server "$chaos_server" "$@"
