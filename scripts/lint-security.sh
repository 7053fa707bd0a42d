#!/usr/bin/env bash
# docs/security.md says of each rule where it lives and which test proves it: files and tests that are there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

page=docs/security.md
missing=0

complain() {
  printf '%s: %s\n' "$page" "$*" >&2
  missing=1
}

# Of a row `| rule | where | test |`, the second or third cell.
is_row='/^\|/ && !/^\|---/ && !/^\| rule \| where \| test \|$/'
cells() { awk -F ' \\| ' -v cell="$1" "$is_row && NF == 3 { print \$cell }" "$page"; }

while IFS= read -r row; do
  complain "this is no row of three cells: $row"
done < <(awk -F ' \\| ' "$is_row && NF != 3" "$page")

# A router that nobody asked for its list would have routes without a row.
while IFS= read -r place; do
  complain "a router is made beside server/src/http/table.rs: $place"
done < <(grep -rln 'Router::new()' --include='*.rs' server/src | grep -vE '^server/src/(http/table|site|site/disk|ws/tests)\.rs$' || true)

while read -r file; do
  [ -e "$file" ] || complain "there is no $file"
done < <(cells 2 | grep -oE '`[^`]+`' | tr -d '`' | sort -u)

while read -r test; do
  if [[ $test == */* ]]; then
    [ -x "$test" ] || complain "there is no $test"
  else
    grep -rqE "fn $test\b" --include='*.rs' src tests app server || complain "there is no test $test"
  fi
done < <(cells 3 | grep -oE '`[a-z0-9_/.-]+`' | tr -d '`' | sort -u)

while IFS= read -r test; do
  grep -rqF "test('$test'" end2end/tests || complain "there is no browser test “$test”"
done < <(cells 3 | grep -oE '"[^"]+"' | tr -d '"' | sort -u)

[ "$(cells 3 | wc -l)" -gt 30 ] || complain "its tables are not written in the way this script reads them"
exit $missing
