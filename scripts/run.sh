#!/usr/bin/env bash
# Builds what has changed and starts the server, by default on http://127.0.0.1:8000 with its data in ./data.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/build.sh
# It says itself where it listens: flags, variables and push-system.toml decide that.
say "starting push-system (Ctrl+C stops it)"
exec "$server_binary" serve "$@"
