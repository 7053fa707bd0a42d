#!/usr/bin/env bash
# The short run of the delivery checker: real processes, real databases, real faults, a few minutes. Debug builds, which
# the tests have made anyway; `make chaos` is the long run with releases.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# In one build, so that what both depend on is compiled once.
attempt "building a server with failpoints, and the checker" "The compiler's own message is above." \
  cargo build --locked --package server --package loadtest --features server/failpoints
# How fast things are is not the question here, where builds are for debugging and the machine may be busy: the bounds of
# times are so generous that only what hangs exceeds them.
slack=20
# The scenarios are bounded one by one; this is for all of them.
exec timeout --signal INT 900 target/debug/loadtest check --short --slack "$slack" --server target/debug/push-system "$@"
