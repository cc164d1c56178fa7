#!/usr/bin/env bash
# Packs the npm package, installs it alone in a clean folder, tests it there under Node, and compiles a program against its
# types. Outside of the main gate: it asks the package registry for pinned tools. Some minutes beyond the module's build.
# usage: bindings/npm/check.sh
# TARBALL may name what is packed already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
command -v npm >/dev/null || { echo "skipped: npm is absent" >&2; exit 0; }
tarball=${TARBALL:-$("$here/build.sh")}
[ -n "$tarball" ] || exit 0
if [ -z "${TARBALL:-}" ]; then
    again=$(MODULE=$root/target/npm/package/veritee.wasm "$here/build.sh" "$root/target/npm-again")
    cmp "$tarball" "$again"
fi
clean=$root/target/npm/clean
rm -rf "$clean"
mkdir -p "$clean"
cp "$here"/tests/* "$clean/"
cd "$clean"
echo '{"private": true, "type": "module"}' >package.json
# Nothing but the tarball: whatever it asked of the registry would fail.
npm install --silent --offline --ignore-scripts --no-audit --no-fund "$tarball"
[ "$(ls node_modules)" = veritee ] || { echo "the package brings others along" >&2; exit 1; }
VECTORS=$root/test-vectors node --test
npm install --silent --ignore-scripts --no-audit --no-fund typescript@5.9.3
node_modules/.bin/tsc --noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext --lib es2022,dom types.ts
node_modules/.bin/tsc --noEmit --strict --target es2022 --module esnext --moduleResolution bundler --lib es2022,dom types.ts
