#!/usr/bin/env bash
# Installs what is missing of the tools this repository is built with, at the versions it names; touches nothing that is already right.
# Usage: scripts/setup.sh [rust|node|front|deny|browser|servers]…   (no argument: rust and front; the others only tests need)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# 0.3.11 asks for a newer compiler than Cargo.toml's rust-version.
cargo_leptos_version=0.3.10
cargo_deny_version=0.20.2
oldest_node=20

locked_version() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock
}

# at_least WANTED GOT: compares the first two numbers of two versions.
at_least() {
  awk -v wanted="$1" -v got="$2" 'BEGIN {
    split(wanted, w, "."); split(got, g, ".")
    exit !(g[1] > w[1] || (g[1] == w[1] && g[2] >= w[2]))
  }'
}

setup_rust() {
  have cargo || die "cargo is missing. Install Rust with rustup (rustup.rs), then run this again."
  have cc || die "a C compiler is missing (SQLite and the TLS library are compiled from C). Install one, on Debian: apt-get install gcc libc6-dev"
  if ! rustc --version >/dev/null 2>&1; then
    have rustup || die "rustc does not run, and there is no rustup to repair it. Reinstall Rust."
    attempt "installing the Rust toolchain" "See what rustup says above; 'rustup toolchain list' shows what is there." rustup toolchain install stable
  fi

  local wanted got
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  got=$(rustc --version | cut -d' ' -f2)
  at_least "$wanted" "$got" || die "rustc $got is too old, $wanted or newer is needed. Run: rustup update"

  for component in rustfmt clippy; do
    "cargo-${component/rustfmt/fmt}" --version >/dev/null 2>&1 ||
      attempt "adding $component to the Rust toolchain" "Is the network there? By hand: rustup component add $component" rustup component add "$component"
  done
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ] ||
    attempt "adding the wasm32 target to the Rust toolchain" "Is the network there? By hand: rustup target add wasm32-unknown-unknown" rustup target add wasm32-unknown-unknown
}

setup_node() {
  if ! have node || ! have npm; then
    die "node or npm is missing (wasm-opt and the browser tests come through npm). Install Node.js $oldest_node or newer."
  fi
  local got
  got=$(node --version)
  at_least "$oldest_node.0" "${got#v}" || die "node $got is too old, $oldest_node or newer is needed."

  # npm ci empties node_modules, so the stamp lives and dies with what it speaks of.
  local stamp=node_modules/.installed-from wanted
  wanted=$(sha256sum package-lock.json)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    attempt "installing the npm packages of package-lock.json" "Is the package registry reachable? 'npm ping' tells." npm ci --no-progress
    printf '%s\n' "$wanted" >"$stamp"
  fi
}

# install_tool CRATE VERSION COMMAND OPTION…: with cargo binstall where that exists and finds something, else from source.
# Source builds take the optimisation away: these tools run for seconds, and optimising them takes many minutes.
install_tool() {
  local crate=$1 version=$2 command=$3
  shift 3

  local place=()
  # Another project may need the version that is there: ours then goes into target/tools, which comes first in PATH here.
  if have "$command"; then place=(--root "$root/target/tools"); fi

  if cargo binstall -V >/dev/null 2>&1; then
    say "installing $crate $version (ready-made)"
    cargo binstall --no-confirm --disable-strategies compile "${place[@]}" "$crate@$version" && return
    say "cargo binstall has no $crate $version for this machine, so it is compiled"
  fi

  say "installing $crate $version (compiled once, takes a few minutes)"
  mkdir -p target
  local build
  build=$(mktemp -d "$root/target/install.XXXXXX")
  if ! CARGO_TARGET_DIR=$build CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
    cargo install "$crate" --version "$version" "${place[@]}" "$@"; then
    rm -rf "$build"
    die "this step failed: installing $crate $version. Is the crate registry reachable, and has $root 3 GB free? By hand: cargo install $crate --version $version"
  fi
  rm -rf "$build"
}

setup_front() {
  setup_node
  # The JavaScript glue and the WASM must come from one and the same version.
  local bindgen
  bindgen=$(locked_version wasm-bindgen)
  [ -n "$bindgen" ] || die "Cargo.lock names no wasm-bindgen. Restore Cargo.lock: git checkout Cargo.lock"
  # Its own lock file asks for crates that are newer than some mirrors have.
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $bindgen" ] ||
    install_tool wasm-bindgen-cli "$bindgen" wasm-bindgen
  [ "$(cargo-leptos --version 2>/dev/null)" = "cargo-leptos $cargo_leptos_version" ] ||
    install_tool cargo-leptos "$cargo_leptos_version" cargo-leptos --locked
}

setup_deny() {
  [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $cargo_deny_version" ] ||
    install_tool cargo-deny "$cargo_deny_version" cargo-deny --locked
}

apt_install() {
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# The screenshots show Chinese text, so a font for it is part of the browser.
has_chinese_font() { [ -n "$(fc-list :lang=zh-tw file 2>/dev/null)" ]; }

setup_browser() {
  setup_node
  local missing=()
  find_browser >/dev/null || missing+=(chromium)
  has_chinese_font || missing+=(fontconfig fonts-noto-cjk)
  if [ ${#missing[@]} -gt 0 ]; then
    if ! have apt-get || [ "$(id -u)" != 0 ]; then
      die "the browser tests need: ${missing[*]}. Install these (on Debian: sudo apt-get install ${missing[*]}), or name another Chromium in CHROMIUM; the tests are not skipped without."
    fi
    attempt "installing ${missing[*]} with apt-get" "By hand: apt-get update && apt-get install ${missing[*]}" apt_install "${missing[@]}"
  fi
  find_browser >/dev/null || die "chromium was installed but cannot be found; name it in CHROMIUM."
}

# PostgreSQL, MariaDB and Redis, which tests start by themselves, each in a folder of its own.
setup_servers() {
  local missing=()
  find_server postgres || missing+=(postgresql)
  find_server mariadbd || missing+=(mariadb-server)
  find_server redis-server || missing+=(redis-server)
  if [ ${#missing[@]} = 0 ]; then return; fi
  if have apt-get && [ "$(id -u)" = 0 ]; then
    say "installing ${missing[*]} with apt-get"
    # Without a network there is nothing to install from, and the other tests run all the same.
    if apt_install "${missing[@]}"; then return; fi
  fi
  if [ -n "${CI:-}" ]; then
    die "the tests need: ${missing[*]}. Install these; in CI none is left out. On Debian: apt-get update && apt-get install ${missing[*]}"
  fi
  say "not installed: ${missing[*]}. What needs them is reported as not run (on Debian: sudo apt-get install ${missing[*]})"
}

find_server() {
  have "$1" || [ -x "/usr/sbin/$1" ] || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

if [ $# = 0 ]; then set -- rust front; fi
for part in "$@"; do
  case $part in
  rust | node | front | deny | browser | servers) "setup_$part" ;;
  *) die "unknown part '$part': rust, node, front, deny, browser or servers" ;;
  esac
done
