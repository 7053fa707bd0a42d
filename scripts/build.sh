#!/usr/bin/env bash
# Builds the one self-contained release binary, target/release/push-system.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh rust front
scripts/front.sh
attempt "building the server" "The compiler's own message is above." \
  cargo build --release --package server --bin push-system
say "built ${server_binary#"$root"/}"
