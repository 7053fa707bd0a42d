#!/usr/bin/env bash
# Unit, property, contract, integration and documentation tests; all of them, even when one fails.
# What cargo prints also goes to target/test-logs/cargo.log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p target/test-logs
cargo test --no-fail-fast "$@" 2>&1 | tee target/test-logs/cargo.log
