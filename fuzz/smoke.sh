#!/usr/bin/env bash
# Builds every fuzz target on stable and runs each for SECONDS; fails on the first crash, timeout or memory excess.
# usage: fuzz/smoke.sh SECONDS [TARGET...]     FUZZ_CORPUS=DIR keeps what was found between runs.
# Below a minute a target the build costs more than the runs: then it is optimised less.
set -euo pipefail
seconds=${1:?usage: fuzz/smoke.sh SECONDS [TARGET...]}
shift
cd "$(dirname "$0")"
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
# The flags need a compiler that accepts unstable ones; an explicit target keeps them off build scripts.
profile=release
if [ "$seconds" -lt 60 ]; then profile=smoke; fi
RUSTC_BOOTSTRAP=1 RUSTFLAGS="--cfg fuzzing $coverage -Ccodegen-units=1" \
    cargo build --locked --profile "$profile" --target "$host" "${targets[@]/#/--bin=}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# One target; what it says comes out at its end, whole.
fuzz() {
    local target=$1 corpus=${FUZZ_CORPUS:-$scratch}/$1 options seeds=()
    mkdir -p "$corpus" "artifacts/$target"
    options=("-max_total_time=$seconds" -max_len=65536 -timeout=5 -rss_limit_mb=256 -print_final_stats=1
        "-artifact_prefix=artifacts/$target/")
    if [ -f "dictionaries/$target.dict" ]; then options+=("-dict=dictionaries/$target.dict"); fi
    if [ -d "seeds/$target" ]; then seeds+=("seeds/$target"); fi
    if ! "$CARGO_TARGET_DIR/$host/$profile/$target" "${options[@]}" "$corpus" "${seeds[@]}" 2>"$scratch/$target.log"; then
        tail -n 60 "$scratch/$target.log"
        echo "== $target failed; the input is in fuzz/artifacts/$target/" >&2
        return 1
    fi
    printf '== %s, %s s\n%s\n' "$target" "$seconds" \
        "$(grep -E 'INITED|DONE|stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$scratch/$target.log")"
}

# One for each core: a target has one thread.
running=0 failed=0
for target in "${targets[@]}"; do
    if [ "$running" -ge "$(nproc)" ]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
    if [ "$failed" -ne 0 ]; then break; fi
    fuzz "$target" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done
exit "$failed"
