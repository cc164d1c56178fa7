#!/usr/bin/env bash
# Packs the npm package and says where it lies, with its sizes: the same sources give the same bytes.
# usage: bindings/npm/build.sh [FOLDER]
# Writes into FOLDER, else target/npm of the repository. MODULE may name the module that is built already; else
# bindings/wasm/build.sh builds it (some 5 minutes of one core).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(realpath -m -- "${1:-$root/target/npm}")
command -v npm >/dev/null || { echo "skipped: npm is absent" >&2; exit 0; }
module=${MODULE:-$root/target/wasm/veritee.wasm}
[ -n "${MODULE:-}" ] || "$root/bindings/wasm/build.sh" "$module" >&2
[ -e "$module" ] || exit 0
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
grep -q "\"version\": \"$version\"" "$here/package.json" || { echo "package.json is not of version $version" >&2; exit 1; }
rm -rf "$out/package"
mkdir -p "$out/package"
cp "$here"/{package.json,node.mjs,browser.mjs,veritee.mjs,index.d.ts,README.md} "$root/bindings/wasm/engine.mjs" "$root/LICENSE" "$out/package/"
cp "$module" "$out/package/veritee.wasm"
# npm writes fixed dates and owners; modes are this machine's.
chmod -R u=rwX,go=rX "$out/package"
(cd "$out/package" && npm pack --silent --ignore-scripts --pack-destination "$out" >/dev/null)
tarball=$out/veritee-$version.tgz
echo "$tarball: $(wc -c <"$tarball") bytes, unpacked $(cat "$out/package"/* | wc -c), module $(wc -c <"$out/package/veritee.wasm"), SHA-256 $(sha256sum "$tarball" | cut -d' ' -f1)" >&2
echo "$tarball"
