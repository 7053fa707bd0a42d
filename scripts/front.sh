#!/usr/bin/env bash
# Builds the browser's half into target/site, which the release server embeds; does nothing when no source has changed since.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

site=target/site
# cargo-leptos empties the folder at each build, whoever starts it, so the stamp cannot outlive the files it speaks of.
stamp=$site/.built-from

# By content, not by time: a checkout changes times only, and the release server is compiled anew after each front build.
fingerprint() {
  {
    find app frontend src style public .cargo scripts/compress.mjs scripts/shrink.mjs scripts/front.sh Cargo.toml Cargo.lock package-lock.json -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
    rustc --version
    cargo-leptos --version
  } | sha256sum
}

now=$(fingerprint)
if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
  say "the browser's half is up to date"
  exit 0
fi

attempt "building the browser's half (WASM, JavaScript, CSS)" "The compiler's or cargo-leptos' own message is above." \
  cargo leptos build --release --frontend-only

# cargo-leptos has been seen to exit 0 after a failure.
for file in push-system.wasm push-system.js push-system.css; do
  [ -s "$site/pkg/$file" ] || die "cargo leptos ended well but wrote no $site/pkg/$file. Run it by hand and read: cargo leptos build --release --frontend-only -vv"
done
# It must not inline: copies of a function make the file smaller and what goes over the wire, compressed, larger by a twelfth.
attempt "shrinking the WebAssembly" "The script's own message is above." node scripts/shrink.mjs "$site/pkg/push-system.wasm" \
  -O2 --always-inline-max-function-size=0 --one-caller-inline-max-function-size=0 --flexible-inline-max-function-size=0 \
  --enable-bulk-memory --enable-nontrapping-float-to-int
attempt "compressing the site" "Node.js' own message is above." node scripts/compress.mjs "$site"
printf '%s\n' "$now" >"$stamp"
