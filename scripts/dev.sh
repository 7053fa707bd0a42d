#!/usr/bin/env bash
# Rebuilds and restarts on every change, in debug mode; the server reads the site from disk.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/setup.sh rust front
# Folders of its own: cargo-leptos compiles debug builds with a flag that the tests do not have, and the two would
# rebuild the world for each other; and the release server must not embed a debug site.
export LEPTOS_BIN_TARGET_DIR=target/dev LEPTOS_SITE_ROOT=target/dev/site
# cargo-leptos takes the binary to be called like its package.
export LEPTOS_BIN_EXE_NAME=push-system
exec cargo leptos watch "$@"
