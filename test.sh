#!/usr/bin/env bash
# All checks, on a fresh clone too: it installs what it needs beside the build. Ends with cargo's own closing lines.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
tools="$PWD/target/tools"
step() { printf '\n== %s\n' "$*"; }
# Nothing here is built twice: what only a second build would use is neither written (it is 11 GB) nor waited for.
export CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"

# The inner loop: `./test.sh quick [CRATE]`. No release build, no fuzzers, no benches, one crate's tests.
if [ "${1:-}" = quick ]; then
  unset CARGO_INCREMENTAL
  crate="${2:-}"
  [ -z "$crate" ] || [ "$crate" = veritee ] || crate="veritee-${crate#veritee-}"
  step "format"
  cargo fmt --all -- --check
  step "layers: what the pure crates may not name"
  ./layers.sh
  if [ -n "$crate" ]; then
    step "clippy and tests of $crate"
    cargo clippy --package "$crate" --all-targets --all-features --locked -- -D warnings
    cargo test --package "$crate" --all-features --locked
  else
    step "check of everything, tests of the documentation and of the program's outputs"
    cargo check --workspace --all-targets --all-features --locked
    cargo test --package veritee --locked --test readme --test recipes
  fi
  exit
fi

step "format"
cargo fmt --all -- --check

step "lock files: every workspace's is the one its manifests ask for"
for folder in . fuzz crates/quote/wasm bindings/wasm bindings/python; do
  (cd "$folder" && cargo metadata --locked --format-version 1 >/dev/null)
done

step "layers: what the pure crates may not name"
./layers.sh

# What has a build folder of its own runs beside the rest, so that neither waits on one core for the other's last crate.
# What it says comes out whole, below.
apart() (
  step "packages: bans, licences, sources"
  if ! [ -x "$tools/bin/cargo-deny" ]; then
    cargo install --quiet --locked --debug --root "$tools" --version 0.20.2 cargo-deny
  fi
  "$tools/bin/cargo-deny" --all-features check bans licenses sources

  step "fuzz smoke run"
  fuzz/smoke.sh "${FUZZ_SECONDS:-5}"

  step "the quote engine as others get it: packages, features, public API"
  CARGO_TARGET_DIR="$PWD/target/apart" crates/quote/alone.sh

  step "the pipeline as others get it: thirty lines over packages alone"
  CARGO_TARGET_DIR="$PWD/target/apart" crates/verify/alone.sh

  step "the quote engine as WebAssembly, under Node"
  crates/quote/wasm/run.sh
)
said=$(mktemp)
# In a group of its own, so that it ends with this script, whatever it is at.
set -m
apart >"$said" 2>&1 </dev/null &
apart=$!
set +m
trap 'kill -- "-$apart" 2>/dev/null || true; rm -f "$said"' EXIT

step "clippy"
cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --locked

step "README's first command"
cargo run --release --locked --quiet -- verify test-vectors/quickstart/evidence.json --policy test-vectors/quickstart/policy.toml

step "bench smoke run"
# Each once, as the tests are built; figures come from cargo bench without --profile.
cargo bench --workspace --all-features --profile dev --locked --quiet -- --test

step "a chain's node of somebody else's, for the tests that ask one: anvil 1.7.1 from its npm package"
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "skipped: its package is for Linux on x86-64"
elif ! command -v npm >/dev/null; then
  echo "skipped: npm is absent"
else
  if ! [ -x "$tools/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil" ]; then
    npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$tools/anvil" @foundry-rs/anvil-linux-amd64@1.7.1
  fi
  export VERITEE_ANVIL="$tools/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
  "$VERITEE_ANVIL" --version
fi

step "tests are built"
cargo test --workspace --all-features --locked --no-run --quiet

passed=0
wait "$apart" || passed=$?
cat "$said"
if [ "$passed" -ne 0 ]; then
  echo "the last step above ended with $passed" >&2
  exit "$passed"
fi

step "tests (README, help and snapshots among them)"
cargo test --workspace --all-features --locked
