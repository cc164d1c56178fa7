#!/usr/bin/env bash
# Builds the quote engine for wasm32-unknown-unknown and lets Node judge genuine and damaged quotes with it.
# usage: crates/quote/wasm/run.sh
# Needs node, clang, and a standard library for wasm32. What is missing of the last two is taken from Debian's packages
# and unpacked beside the build; nothing is installed. Where that cannot be done either, it says so and skips.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=../../../packaging/wasm32.sh
source ../../../packaging/wasm32.sh ../../..
command -v node >/dev/null || skip "node is absent"

echo "== $("${RUSTC:-rustc}" -V), $target"
"${build[@]}" --quiet
unset LD_LIBRARY_PATH
node verify.mjs "$CARGO_TARGET_DIR/$target/release/veritee_quote_wasm.wasm" ../../../test-vectors/quote
