#!/usr/bin/env bash
# Everything that must pass, cheap to dear: the first group that fails ends the run. The last line counts the tests.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cargo_log=target/test-logs/cargo.log
browser_report=target/test-logs/browser.json
not_run=$root/target/test-logs/not-run.txt
mkdir -p target/test-logs
rm -f "$cargo_log" "$browser_report" "$not_run"
# Tests that need a server which is not installed write a line here.
export TESTBED_NOT_RUN=$not_run

# A fresh clone compiles everything once: what makes the second build fast is only weight there.
if [ "${CI:-}" = true ]; then export CARGO_INCREMENTAL=0; fi

# Each prints "PASSED FAILED".
cargo_counts() {
  if [ -f "$cargo_log" ]; then
    awk '/^test result: / {
        for (i = 2; i <= NF; i++) {
          if ($i == "passed;") passed += $(i - 1)
          if ($i == "failed;") failed += $(i - 1)
        }
      }
      END { print passed + 0, failed + 0 }' "$cargo_log"
  else
    echo 0 0
  fi
}

# A skipped test counts as failed: what this run leaves out, nobody notices.
browser_counts() {
  if [ -f "$browser_report" ]; then
    node -e 'const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
      console.log(stats.expected, stats.unexpected + stats.flaky + stats.skipped)' "$browser_report" || echo 0 1
  else
    echo 0 0
  fi
}

finish() {
  local status=$? rust browser passed failed
  trap - EXIT
  rust=$(cargo_counts) browser=$(browser_counts)
  passed=$((${rust% *} + ${browser% *}))
  failed=$((${rust#* } + ${browser#* }))
  # What is not a test can fail as well: the format, a build, the size of the site.
  if [ $status != 0 ] && [ $failed = 0 ]; then failed=1; fi
  if [ $status = 0 ] && [ $failed != 0 ]; then status=1; fi
  if [ -s "$not_run" ]; then
    printf '%d passed, %d failed, %d not run (%s)\n' "$passed" "$failed" "$(wc -l <"$not_run")" \
      "$(sed -n 's/^not run: \(no [^:]*\):.*/\1/p' "$not_run" | sort -u | paste -sd, | sed 's/,/, /g')"
  else
    printf '%d passed, %d failed\n' "$passed" "$failed"
  fi
  exit $status
}
trap finish EXIT

scripts/lint.sh
scripts/deny.sh
scripts/setup.sh servers
attempt "unit, property, contract, integration and documentation tests" "The failed ones are named above; one alone: cargo test NAME" \
  scripts/cargo-tests.sh
attempt "the delivery guarantee under faults" "The first violation is printed above, with both sides; one alone: make chaos ARGS='--fault NAME'" \
  scripts/guarantee.sh
scripts/build.sh
attempt "the size of the first load" "The table above says what grew." scripts/sizes.sh
attempt "what logins tell and cost" "A run in thousands fails by chance: one whose failure is repeated says something." \
  scripts/logins.sh
attempt "browser tests" "The failed ones are named above; one alone: make e2e ARGS=live" scripts/browser-tests.sh
