#!/usr/bin/env bash
# Many inputs for everything that reads what strangers send, and texts for the pages; PROPTEST_CASES says how many for
# each. One that fails is made small, told, and kept in a file beside its test, *.seeds, from where every later run tries
# it first: commit that file with the repair.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export PROPTEST_CASES=${PROPTEST_CASES:-10000}
advice="The smallest input that fails is printed above."
attempt "$PROPTEST_CASES inputs for each parser" "$advice" cargo test --package push_system --test fuzz "$@"
attempt "$PROPTEST_CASES tokens, positions, settings and pages" "$advice" \
  cargo test --package server --test it "$@" -- fuzz:: markup::
