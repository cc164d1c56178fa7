#!/usr/bin/env bash
# The npm package beside @phala/dcap-qvl 0.3.9 on the same quote, in one run.
# usage: benches/npm.sh [--quick]
# Packs the package (bindings/npm/build.sh), or takes TARBALL, and installs both below target/peers. Outside of the main gate.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
command -v npm >/dev/null || { echo "skipped: npm is absent" >&2; exit 0; }
tarball=${TARBALL:-$("$root/bindings/npm/build.sh")}
[ -n "$tarball" ] || exit 0
work=$root/target/peers/package
mkdir -p "$work"
echo '{"private": true}' >"$work/package.json"
rm -rf "$work/node_modules/veritee"
npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$work" "$tarball" @phala/dcap-qvl@0.3.9
node "$here/npm.mjs" "$work" "$@"
