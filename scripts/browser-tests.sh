#!/usr/bin/env bash
# The browser tests, against the release binary; arguments go to Playwright (a file, --grep …).
# A machine-readable report goes to target/test-logs/browser.json.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -x "$server_binary" ] || die "there is no ${server_binary#"$root"/} to test. Run: make build"
scripts/setup.sh browser
CHROMIUM=$(find_browser)
export CHROMIUM
export PLAYWRIGHT_JSON_OUTPUT_FILE=$root/target/test-logs/browser.json
mkdir -p target/test-logs
exec node_modules/.bin/playwright test --config end2end "$@"
