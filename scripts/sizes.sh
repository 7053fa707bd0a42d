#!/usr/bin/env bash
# What a browser loads for the first sight of the inbox, as the release binary serves it: plain and compressed bytes.
# Fails when the compressed sum is above the budget.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

budget=$((300 * 1024))

[ -x "$server_binary" ] || die "there is no ${server_binary#"$root"/} to measure. Run: make build"
have curl || die "curl is missing (on Debian: apt-get install curl)"

work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
base=http://127.0.0.1:$port
# With an environment of its own: a DATABASE_URL of the caller's is not ours to register people in.
(cd "$work" && exec env -i PUSH_LISTEN=127.0.0.1:"$port" PUSH_DATA_DIR="$work/data" "$server_binary" serve >"$work/log" 2>&1) &
server=$!

curl --silent --fail --output /dev/null --retry 100 --retry-max-time 20 --retry-connrefused "$base/healthz" || {
  cat "$work/log" >&2
  die "the server did not come up; its log is above"
}

curl --silent --show-error --fail --output /dev/null --cookie-jar "$work/cookies" \
  --data-urlencode username=size.reader --data-urlencode "password=only for measuring" "$base/register" ||
  die "registering with the form of /register failed"

# bytes PATH CODING: how many bytes the answer's body has on the wire.
bytes() {
  curl --silent --show-error --fail --cookie "$work/cookies" --header "Accept-Encoding: $2" \
    --output "$work/body" --write-out '%{size_download}' "$base$1" || die "GET $1 failed"
}

page=$(curl --silent --show-error --fail --cookie "$work/cookies" "$base/") || die "GET / failed"
case $page in
*'id="compose"'*) ;;
*) die "GET / did not give the inbox: the form of /register did not log in" ;;
esac
assets=$(grep -oE '/pkg/[A-Za-z0-9_./-]+\.(wasm|js|css|woff2)' <<<"$page" | LC_ALL=C sort -u)
for kind in wasm js css; do
  grep -q "\.$kind\$" <<<"$assets" || die "the page names no .$kind file"
done

total_plain=0 total_compressed=0
printf '%-28s %10s %10s\n' file plain compressed
for path in / $assets; do
  plain=$(bytes "$path" identity)
  compressed=$(bytes "$path" br)
  total_plain=$((total_plain + plain)) total_compressed=$((total_compressed + compressed))
  name=${path##*/}
  printf '%-28s %10d %10d\n' "${name:-html of /}" "$plain" "$compressed"
done
printf '%-28s %10d %10d\n' "first load" "$total_plain" "$total_compressed"

if [ "$total_compressed" -gt "$budget" ]; then
  die "the first load is $total_compressed bytes compressed, $((total_compressed - budget)) above the budget of $budget"
fi
