#!/usr/bin/env bash
# Builds the program without any library of the system: it runs in an empty image.
# usage: packaging/static.sh
# With the standard library for musl where rustup has it, else with the C library of this system, linked in.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
musl=${host%-gnu}-musl
target=$host
[ ! -d "$(rustc --print sysroot)/lib/rustlib/$musl/lib" ] || target=$musl
# A target of its own: build scripts and macros are not linked so.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/static
RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$PWD=veritee" \
  cargo build --release --locked --target "$target" --bin veritee
program=$CARGO_TARGET_DIR/$target/release/veritee
if readelf --program-headers "$program" | grep -q INTERP; then
  echo "$program asks for a loader: it is not static" >&2
  exit 1
fi
mkdir -p packaging/out
install -m 0755 "$program" packaging/out/veritee
sha256sum packaging/out/veritee
