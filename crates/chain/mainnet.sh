#!/usr/bin/env bash
# A block of Ethereum's main net with all its receipts and with proofs, as a public repository recorded it, through this
# crate's readers. Outside the gate: the repository is read where it lies and nothing of it is kept.
#
# usage: crates/chain/mainnet.sh REPOSITORY [PROGRAM]
# REPOSITORY: a clone of github.com/a16z/helios (MIT); PROGRAM: the example recorded_block, where it is built already
set -euo pipefail
repository=$(realpath "$1")
program=${2:+$(realpath "$2")}
cd "$(dirname "$0")/../.."
verify() {
  if [ -n "$program" ]; then
    "$program" "$1"
  else
    cargo run --quiet --locked --package veritee-chain --example recorded_block -- "$1"
  fi
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in block receipts proof block_miner_proof; do
  git -C "$repository" show "HEAD:tests/testdata/rpc/$file.json" >"$work/$file.json"
done
verify "$work"
# A receipt with other gas, and a header with another time, are refused.
for change in receipts block; do
  mkdir "$work/changed"
  cp "$work"/*.json "$work/changed"
  case $change in
    receipts) sed -i 's/"cumulativeGasUsed": *"0x\(.\)/"cumulativeGasUsed":"0x1\1/' "$work/changed/receipts.json" ;;
    block) sed -i 's/"timestamp": *"0x\(.\)/"timestamp":"0x1\1/' "$work/changed/block.json" ;;
  esac
  if verify "$work/changed" >"$work/out" 2>&1; then
    echo "NOT REFUSED: $change"
    exit 1
  fi
  echo "refused with another $change: $(tail -1 "$work/out" | cut -c1-100)"
  rm -r "$work/changed"
done
echo "all of it, helios $(git -C "$repository" rev-parse --short HEAD)"
