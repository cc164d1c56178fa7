#!/usr/bin/env bash
# The pipeline as others get it: packed, unpacked elsewhere, and the example of thirty lines built from that alone. It
# judges the quickstart's evidence from standard input, in an empty folder and, where the system lets it, without network.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-$PWD/target}
packages=(base x509 model quote gpu eventlog measure compose source syntax audit policy chain verify evidence)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Versions of development dependencies stay in a manifest: what carries one is packed too, and not used.
carried=(report second-opinion)
# What is packed is built below, all at once.
cargo package --target-dir "$target/packaged" --locked --quiet --allow-dirty --no-verify \
  $(printf -- '-p veritee-%s ' "${packages[@]}" "${carried[@]}")
for name in "${packages[@]}"; do
  tar -xzf "$target/packaged/package/veritee-$name-0.1.0.crate" -C "$scratch"
done

mkdir -p "$scratch/example/src"
cp "$scratch/veritee-verify-0.1.0/examples/bytes.rs" "$scratch/example/src/main.rs"
cp Cargo.lock "$scratch/example/Cargo.lock"
{
  printf '[package]\nname = "example"\nversion = "0.0.0"\nedition = "2024"\n\n[profile.dev]\ndebug = 0\n\n[dependencies]\n'
  for name in evidence model policy quote verify; do echo "veritee-$name = \"0.1.0\""; done
  printf '\n[patch.crates-io]\n'
  for name in "${packages[@]}"; do echo "veritee-$name = { path = \"../veritee-$name-0.1.0\" }"; done
} >"$scratch/example/Cargo.toml"
CARGO_TARGET_DIR=$target/alone cargo build --quiet --manifest-path "$scratch/example/Cargo.toml"

quickstart=$PWD/test-vectors/quickstart
mkdir "$scratch/empty"
cd "$scratch/empty"
apart=()
if unshare --user --net true 2>/dev/null; then apart=(unshare --user --net); else echo "skipped: no namespace without network here"; fi
policy=$(cat "$quickstart/policy.toml")
judge() { "${apart[@]}" env -i "$target/alone/debug/example" "$1" 2026-03-15T00:00:00Z <"$quickstart/evidence.json"; }
judge "$policy"
# Where another compose is demanded, a yes would be a lie.
status=0
judge "${policy/compose_hash = [\"c4/compose_hash = [\"c5}" || status=$?
[ "$status" = 11 ] || { echo "another compose ends with $status, not with 11" >&2; exit 1; }
