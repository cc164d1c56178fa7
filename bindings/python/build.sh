#!/usr/bin/env bash
# Builds the Python wheel and says where it lies: the same sources give the same bytes wherever they lie.
# usage: bindings/python/build.sh [FOLDER]
# Writes into FOLDER, else target/python/wheels of the repository. Needs a Rust toolchain, a C compiler and Python 3.10 or
# newer; maturin is installed below target/python, pinned. About 6 minutes of one core from nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=$repository/target/python
out=$(realpath -m -- "${1:-$work/wheels}")
maturin=1.16.0
if [ "$("$work/tools/bin/maturin" --version 2>/dev/null)" != "maturin $maturin" ]; then
    python3 -m venv "$work/tools"
    "$work/tools/bin/pip" install --quiet --disable-pip-version-check "maturin==$maturin" >&2
fi

# Panics name the file they come from; where this machine keeps it is nobody's business.
RUSTFLAGS="--remap-path-prefix=$repository=veritee --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
RUSTFLAGS+=" --remap-path-prefix=$("${RUSTC:-rustc}" --print sysroot)=rust"
export RUSTFLAGS
# ring compiles C and assembler.
export CFLAGS="${CFLAGS:-} -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=cargo -ffile-prefix-map=$repository=veritee"
# Files of a wheel have a date; this is the oldest that a zip file can have, rounded up.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315619200}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/cargo}
rm -rf "$out"
cd "$here"
"$work/tools/bin/maturin" build --release --locked --quiet --out "$out" --interpreter python3 >&2
ls "$out"/*.whl
