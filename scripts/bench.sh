#!/usr/bin/env bash
# Builds the release server and the load generator, and measures the one with the other; arguments go to `loadtest bench`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/build.sh
attempt "building the load generator" "The compiler's own message is above." cargo build --release --package loadtest
# Thousands of sockets on either side; the usual soft limit is 1,024.
ulimit -Sn "$(ulimit -Hn)" || true
exec target/release/loadtest bench "$@"
