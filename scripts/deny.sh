#!/usr/bin/env bash
# What dependencies may be (deny.toml): their licences, where they come from, that there is one of each, and that none is
# known to be vulnerable. The list of the latter is fetched anew; on a machine that cannot reach it an earlier copy will
# do, and without one that check alone is reported as not run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

advisories=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs

deny() { cargo deny --locked --workspace check --hide-inclusion-graph "$@"; }

scripts/setup.sh deny
attempt "checking licences, sources and duplicates of the dependencies" "It says above what to look at in deny.toml." \
  deny bans licenses sources

say "fetching the list of known vulnerabilities"
if ! timeout 60 cargo deny fetch db >/dev/null 2>&1; then say "it cannot be fetched"; fi
if compgen -G "$advisories/*/crates" >/dev/null; then
  attempt "comparing the dependencies with known vulnerabilities" "Update the crate it names, or do without it." \
    deny --disable-fetch advisories
else
  line="not run: no list of known vulnerabilities: the dependencies were not compared with it"
  say "$line"
  if [ -n "${TESTBED_NOT_RUN:-}" ]; then printf '%s\n' "$line" >>"$TESTBED_NOT_RUN"; fi
fi
