#!/usr/bin/env bash
# Builds the whole verification as WebAssembly: the module for `veritee site` and the npm package.
# usage: bindings/wasm/build.sh [FILE]
# Writes FILE, else target/wasm/veritee.wasm of the repository, and says where. Needs clang and a standard library for
# wasm32; what is missing is taken from Debian's packages and unpacked beside the build, nothing is installed. Where that
# cannot be done either, it says so and skips. About 5 minutes of one core.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m -- "${1:-$here/../../target/wasm/veritee.wasm}")
cd "$here"
# shellcheck source=../../packaging/wasm32.sh
source ../../packaging/wasm32.sh ../..

# Panics name the file they come from; where this machine keeps it is nobody's business, and the same sources give the same
# bytes on another.
repository=$(cd ../.. && pwd)
RUSTFLAGS="--remap-path-prefix=$repository=veritee --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
RUSTFLAGS+=" --remap-path-prefix=$("${RUSTC:-rustc}" --print sysroot)=rust"
for library in "$unpacked"/usr/src/rustc-*; do
    [ ! -d "$library" ] || RUSTFLAGS+=" --remap-path-prefix=$library=rust"
done
export RUSTFLAGS

"${build[@]}" --quiet
unset LD_LIBRARY_PATH
mkdir -p "$(dirname "$out")"
cp "$CARGO_TARGET_DIR/$target/release/veritee_wasm.wasm" "$out"
echo "$out: $(wc -c <"$out") bytes, $(gzip -9 -c "$out" | wc -c) compressed, SHA-256 $(sha256sum "$out" | cut -d' ' -f1)"
