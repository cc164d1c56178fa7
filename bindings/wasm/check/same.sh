#!/usr/bin/env bash
# Compares the module's reports with the program's over genuine and damaged evidences. Outside of ./test.sh: it needs a
# standard library for wasm32, and about 10 minutes where nothing is built yet.
# usage: bindings/wasm/check/same.sh [COUNT]
# MODULE and PROGRAM may name what is built already.
set -euo pipefail
cd "$(dirname "$0")/../../.."
command -v node >/dev/null || { echo "skipped: node is absent" >&2; exit 0; }
module=${MODULE:-target/wasm/veritee.wasm}
[ -n "${MODULE:-}" ] || bindings/wasm/build.sh "$module"
[ -e "$module" ] || exit 0
program=${PROGRAM:-target/debug/veritee}
[ -n "${PROGRAM:-}" ] || cargo build --locked --quiet
node bindings/wasm/check/same.mjs "$module" "$program" "${1:-200}"
