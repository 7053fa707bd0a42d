#!/usr/bin/env bash
# Format, clippy for the server's half and for the browser's, the types of the browser tests, and what deployment files
# and docs/security.md say: what can fail within minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh rust node
attempt "checking the format" "Run: make fmt" cargo fmt --all --check
attempt "checking the deployment files" "The sentence above says which one, and what it should say." scripts/lint-deploy.sh
attempt "checking docs/security.md" "The sentence above says what it names that is not there." scripts/lint-security.sh
attempt "checking the types of the browser tests" "The compiler's own message is above." \
  node_modules/.bin/tsc --project end2end
attempt "clippy" "Its own message is above." cargo clippy --locked --all-targets -- -D warnings
# One native build cannot have both halves: the browser's turns on other features of the shared crates.
attempt "clippy for the browser's half" "Its own message is above." \
  cargo clippy --locked --package frontend --package push_system --target wasm32-unknown-unknown -- -D warnings
