#!/usr/bin/env bash
# The quote engine as others get it: its packages build by themselves, every set of features builds, its public API is the
# one that was agreed on, and its examples compile from the package.
# usage: crates/quote/alone.sh            VERITEE_UPDATE_SNAPSHOTS=1 writes the public API anew
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
target=${CARGO_TARGET_DIR:-$PWD/target}
packages=(base x509 quote)
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT

echo "== packages: what is in them, and that they build from it alone"
# Cargo unpacks and builds a version once: that of an earlier run in this folder would stand for today's.
for name in "${packages[@]}"; do
  rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"veritee-$name-0.1.0" "$target"/packaged/*/.fingerprint/"veritee-$name"-*
done
cargo package --target-dir "$target/packaged" --locked --quiet --allow-dirty $(printf -- '-p veritee-%s ' "${packages[@]}")
for name in "${packages[@]}"; do
  tar -xzf "$target/packaged/package/veritee-$name-0.1.0.crate" -C "$unpacked"
  folder=$unpacked/veritee-$name-0.1.0
  for file in README.md LICENSE Cargo.toml src/lib.rs; do
    [ -s "$folder/$file" ] || { echo "veritee-$name: $file is not in the package" >&2; exit 1; }
  done
  # Nothing in the package may name a file outside of it.
  if grep -rnE '(include_(str|bytes)!|#\[path)[^"]*"(\.\./){2,}|CARGO_MANIFEST_DIR"\), *"/\.\.' "$folder" --include='*.rs' >&2; then
    echo "veritee-$name names a file outside its package" >&2
    exit 1
  fi
done

echo "== examples from the package, as a stranger has them"
# Built where the workspace is built, so that what both need is built once.
patches=()
for name in base x509; do
  patches+=(--config "patch.crates-io.veritee-$name.path=\"$unpacked/veritee-$name-0.1.0\"")
done
# Of the development dependencies the examples need none.
sed -i '/^\[dev-dependencies/,/^$/d' "$unpacked/veritee-quote-0.1.0/Cargo.toml"
cp Cargo.lock "$unpacked/veritee-quote-0.1.0/Cargo.lock"
CARGO_TARGET_DIR=$target/alone cargo check --quiet --manifest-path "$unpacked/veritee-quote-0.1.0/Cargo.toml" --examples "${patches[@]}"

echo "== every set of features"
for features in "" rayon fuzzing rayon,fuzzing; do
  cargo check --locked --quiet -p veritee-quote --lib --no-default-features --features "$features"
done

echo "== public API"
tool=(cargo run --locked --quiet --manifest-path crates/quote/api/Cargo.toml --target-dir "$target/public-api" --)
status=0
for name in "${packages[@]}"; do
  # The compiler's own JSON, which it keeps from stable builds only because its form still changes.
  RUSTC_BOOTSTRAP=1 cargo rustdoc --locked --quiet -p "veritee-$name" --lib -- -Z unstable-options --output-format json --cap-lints allow
  snapshot=crates/quote/api/veritee-$name.txt
  "${tool[@]}" "$target/doc/veritee_$name.json" >"$unpacked/api.txt"
  if [ -n "${VERITEE_UPDATE_SNAPSHOTS:-}" ]; then
    cp "$unpacked/api.txt" "$snapshot"
  elif ! diff -u "$snapshot" "$unpacked/api.txt" >&2; then
    echo "the public API of veritee-$name is another: say so in CHANGELOG.md and run this with VERITEE_UPDATE_SNAPSHOTS=1" >&2
    status=1
  fi
  # Types of other crates in the API are a promise about their versions too.
  foreign=$(grep -oP '(?<![:\w])[a-z_]\w*(?=::)' "$unpacked/api.txt" | sort -u | grep -vE '^(core|alloc|std|serde_core|veritee_\w+)$' || true)
  [ -z "$foreign" ] || { echo "veritee-$name shows types of: $foreign" >&2; status=1; }
done
exit "$status"
