#!/usr/bin/env bash
# The bundles of sigstore-conformance, by bytes and by digest, through `veritee verify-bundle` as its runner calls it.
# Outside the gate: the suite is read from its public repository and nothing of it is kept.
#
# usage: crates/provenance/conformance.sh REPOSITORY [VERITEE]   REPOSITORY: a clone of github.com/sigstore/sigstore-conformance
set -euo pipefail
repository=$1
program=${2:-$(dirname "$0")/../../target/debug/veritee}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -C "$repository" archive HEAD test/assets/bundle-verify | tar -x -C "$work"
cd "$work/test/assets/bundle-verify"
program=$(cd "$OLDPWD" && realpath "$program")
# What README.md there says is expected where a case has no file of its own.
identity=$(grep -o 'https://github.com/sigstore-conformance/[^` ]*@refs/heads/main' README.md | head -1)
issuer=$(grep -o 'https://token.actions.githubusercontent.com' README.md | head -1)
passed=0 failed=0
for case in */; do
  case=${case%/}
  artifact=a.txt who=$identity by=$issuer
  [ -f "$case/artifact" ] && artifact=$case/artifact
  [ -f "$case/identity" ] && who=$(tr -d '\n' <"$case/identity")
  [ -f "$case/issuer" ] && by=$(tr -d '\n' <"$case/issuer")
  arguments=(verify-bundle --bundle "$case/bundle.sigstore.json")
  if [ -f "$case/key.pub" ]; then
    arguments+=(--key "$case/key.pub")
  else
    arguments+=(--certificate-identity "$who" --certificate-oidc-issuer "$by")
  fi
  [ -f "$case/trusted_root.json" ] && arguments+=(--trusted-root "$case/trusted_root.json")
  for of in "$artifact" "sha256:$(sha256sum "$artifact" | cut -d' ' -f1)"; do
    code=0
    "$program" "${arguments[@]}" "$of" >out 2>&1 || code=$?
    case "$case/$code" in
      # A panic or a wrong command line is no verdict.
      *_fail/3 | *_fail/10 | *_fail/11) passed=$((passed + 1)) ;;
      *_fail/*) failed=$((failed + 1)); echo "NOT REFUSED ($code): $case $of: $(head -1 out)" ;;
      */0) passed=$((passed + 1)) ;;
      *) failed=$((failed + 1)); echo "NOT ACCEPTED ($code): $case $of: $(head -1 out)" ;;
    esac
  done
done
echo "$passed of $((passed + failed)) as the suite expects, sigstore-conformance $(git -C "$repository" rev-parse --short HEAD)"
[ "$failed" = 0 ]
