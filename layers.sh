#!/usr/bin/env bash
# The arrows of ARCHITECTURE.md, checked: pure crates name no runtime and no network, and nobody points upwards.
set -euo pipefail
cd "$(dirname "$0")"
fail=0

tree() { cargo tree --locked --quiet --package "veritee-$1" --edges normal --prefix none --format '{p}' | cut -d' ' -f1 | sort -u; }

refuse() { # crate, forbidden packages...
  local crate=$1 names
  shift
  names=$(tree "$crate")
  for package in "$@"; do
    if grep -qx -- "$package" <<<"$names"; then
      echo "veritee-$crate depends on $package" >&2
      fail=1
    fi
  done
}

# The only crates that open files or sockets: client, collateral, acquire, server and watch; loopback serves tests.
networked="veritee-client veritee-collateral veritee-acquire"

for crate in crates/*/; do
  name=$(basename "$crate")
  refuse "$name" aws-lc-rs aws-lc-sys openssl openssl-sys native-tls
  # shellcheck disable=SC2086  # the lists are words
  case "$name" in
    # It answers, and asks nobody.
    server) refuse "$name" reqwest rustls $networked ;;
    client | collateral | acquire | loopback)
      refuse "$name" veritee-verify veritee-policy veritee-audit veritee-report ;;
    *) refuse "$name" tokio reqwest hyper mio rustls $networked ;;
  esac
  [ "$name" = testkit ] || refuse "$name" veritee-testkit veritee
done

upper="veritee-audit veritee-policy veritee-provenance veritee-verify veritee-second-opinion veritee-offline veritee-columnar"
middle="veritee-gpu veritee-quote veritee-eventlog veritee-measure veritee-compose veritee-source veritee-chain"
outer="veritee-evidence veritee-report veritee-seal"
# shellcheck disable=SC2086  # the lists are words
{
  refuse base veritee-x509 veritee-model $middle $upper $outer
  refuse x509 veritee-model $middle $upper $outer
  refuse model $middle $upper $outer
  for crate in gpu quote eventlog measure compose source chain; do
    refuse "$crate" $(tr ' ' '\n' <<<"$middle" | grep -vx "veritee-$crate") $upper $outer
  done
  # Grammars know no finding and no file; their parsers stay out of what others take along (below).
  refuse syntax veritee-x509 veritee-model $(tr ' ' '\n' <<<"$middle" | grep -vx veritee-source) $upper $outer
  # Images take the trait of files from the source tree's crate, and nothing of its history.
  refuse image veritee-x509 veritee-model $(tr ' ' '\n' <<<"$middle" | grep -vx veritee-source) $upper $outer
  refuse audit veritee-policy veritee-provenance veritee-verify veritee-second-opinion $outer
  # Who signed an image says how far the audit's rungs are reached; the pipeline does not know it.
  refuse provenance veritee-policy veritee-quote veritee-eventlog veritee-verify veritee-second-opinion $outer
  refuse policy veritee-provenance veritee-verify veritee-second-opinion $outer
  # The pipeline takes a second engine as a trait; who brings one is the program's to say.
  refuse verify veritee-second-opinion dcap-qvl $outer
  # The whole verification over files in memory: it renders nothing.
  refuse offline veritee-provenance veritee-image veritee-report veritee-seal
  refuse ask veritee-provenance veritee-image veritee-seal
  # Arrays and their types, and nothing that reads files or streams of them.
  refuse columnar arrow-ipc arrow-cast arrow-select parquet pyo3 veritee-provenance veritee-image veritee-seal veritee-ask
  refuse second-opinion veritee-model veritee-audit veritee-policy veritee-verify $outer
  refuse report $middle $upper veritee-ask veritee-evidence veritee-seal
  refuse seal $middle $upper veritee-evidence veritee-report
  # It keeps what others found: the vocabulary is all that it knows of it.
  refuse watch veritee-x509 $middle $upper $outer
  # It answers; who judges is given to it.
  refuse server $middle $upper veritee-evidence veritee-seal
  refuse evidence veritee-verify veritee-second-opinion veritee-offline veritee-report veritee-seal
}
# The quote crate is for others too: what it brings along stays small.
refuse quote clap toml dcap-qvl veritee-model
refuse x509 ring serde_json

# The pipeline is for others: what it brings along stays few, and proofs of a chain are a feature that is asked for.
refuse verify veritee-chain alloy-primitives
# Nor are parsers of source code in it: who reads trees asks for them.
refuse verify veritee-syntax oxc_parser ruff_python_parser gosyn
refuse ask veritee-syntax oxc_parser ruff_python_parser gosyn
packages=$(tree verify | wc -l)
[ "$packages" -le 90 ] || { echo "veritee-verify brings $packages packages along, more than 90" >&2; fail=1; }

# Pure crates read no file, no clock and no environment.
for name in base x509 model gpu quote eventlog measure compose source syntax chain image provenance audit policy verify second-opinion offline ask columnar report seal evidence; do
  if grep -rnE 'std::(fs|env|net|process)\b|SystemTime|Instant::now' "crates/$name/src" --include='*.rs' --exclude=tests.rs --exclude-dir=tests | grep -vE '^[^:]+:[0-9]+:\s*//' >&2; then
    echo "veritee-$name names a file, a socket, a clock or the environment" >&2
    fail=1
  fi
done

# The database of observations is a file, and nothing else from outside.
if grep -rnE 'std::(env|net|process)\b|SystemTime|Instant::now' crates/watch/src --include='*.rs' | grep -vE '^[^:]+:[0-9]+:\s*//' >&2; then
  echo "veritee-watch names a socket, a clock or the environment" >&2
  fail=1
fi

# One budget, from the program down: below it nobody takes another (tests in the files aside), nor the short forms that the
# quote engine has for others, which take the standard one.
below=$(for file in $(find crates/*/src -name '*.rs' -not -path 'crates/testkit/*' -not -path 'crates/loopback/*' \
  -not -name 'tests.rs' -not -path '*/tests/*' -not -path 'crates/base/src/budget.rs'); do
  awk '/^#\[cfg\(test\)\]/ { exit } /^ *\/\// { next }
    /Budget::STANDARD/ { print FILENAME ":" FNR ": " $0 }
    FILENAME !~ /^crates\/quote\// && /Quote::parse\(|Collateral::from_json\(|Collateral::from_pcs\(|\.verify_at\(/ {
      print FILENAME ":" FNR ": " $0 }' "$file"
done)
if [ -n "$below" ]; then
  printf '%s\n' "$below" "a budget is named below the program: take the caller's" >&2
  fail=1
fi

[ "$fail" = 0 ] && echo "layers hold"
exit "$fail"
