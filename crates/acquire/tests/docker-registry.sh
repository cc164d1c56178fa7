#!/usr/bin/env bash
# `veritee image fetch` against a real registry on loopback: Debian's docker-registry (apt-get install docker-registry),
# which has no interface for referrers and converts to schema 1 who asks for too little. Outside the gate.
#
# usage: crates/acquire/tests/docker-registry.sh [VERITEE]
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=$(realpath "${1:-target/debug/veritee}")
work=$(mktemp -d)
trap 'kill "$registry" 2>/dev/null || true; rm -rf "$work"' EXIT
port=$((20000 + RANDOM % 20000))
host=127.0.0.1:$port
cat >"$work/config.yml" <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/store}}
http: {addr: $host}
END
docker-registry serve "$work/config.yml" >"$work/log" 2>&1 &
registry=$!
for _ in $(seq 100); do curl -sf "http://$host/v2/" >/dev/null && break || sleep 0.1; done

push() { # layout folder, repository, tag: blobs, then manifests, then the index
  local layout=$1 name=$2 tag=$3 file hex location media
  for file in "$layout"/blobs/sha256/*; do
    hex=${file##*/}
    location=$(curl -sfi -X POST "http://$host/v2/$name/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    case $location in http*) ;; *) location="http://$host$location" ;; esac
    curl -sf -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$file" \
      "$location&digest=sha256:$hex" >/dev/null
  done
  for kind in manifest index; do
    for file in "$layout"/blobs/sha256/*; do
      media=$(jq -r '.mediaType? // empty' "$file" 2>/dev/null) || continue
      case $media in *".$kind."*) ;; *) continue ;; esac
      curl -sf -X PUT -H "Content-Type: $media" --data-binary "@$file" \
        "http://$host/v2/$name/manifests/sha256:${file##*/}" >/dev/null
    done
  done
  hex=$(jq -r '.manifests[0].digest' "$layout/index.json")
  media=$(jq -r '.manifests[0].mediaType' "$layout/index.json")
  curl -sf -X PUT -H "Content-Type: $media" --data-binary "@$layout/blobs/sha256/${hex#sha256:}" \
    "http://$host/v2/$name/manifests/$tag" >/dev/null
}

passed=0
expect() { # exit code, words of the answer, command...
  local code=$1 words=$2 got=0
  shift 2
  "$@" >"$work/out" 2>&1 || got=$?
  if [ "$got" != "$code" ] || ! grep -q -- "$words" "$work/out"; then
    echo "expected $code and '$words' of: $*, got $got and:" >&2
    cat "$work/out" >&2
    exit 1
  fi
  passed=$((passed + 1))
}

for vector in repro-1 prov-min plain-1 zstd; do
  [ -f "test-vectors/images/$vector.tar" ] || continue
  mkdir "$work/$vector"
  tar -xf "test-vectors/images/$vector.tar" -C "$work/$vector"
  push "$work/$vector" "team/$vector" 1
  digest=$(jq -r '.manifests[0].digest' "$work/$vector/index.json")
  expect 0 "$digest" "$program" image fetch "$host/team/$vector:1" --allow-local --layers -o "$work/by-tag-$vector"
  expect 0 pinned "$program" image fetch "$host/team/$vector@$digest" --allow-local -o "$work/by-digest-$vector"
  expect 0 '^S[45]' "$program" image compare "$work/by-tag-$vector" "test-vectors/images/$vector.tar"
  expect 0 "http://$host/" "$program" image fetch "team/$vector@$digest" --registry "http://$host" --allow-local \
    -o "$work/by-mirror-$vector"
done
expect 3 'status 404' "$program" image fetch "$host/team/absent:1" --allow-local -o "$work/absent"
expect 3 'status 404' "$program" image fetch "$host/team/repro-1:absent" --allow-local -o "$work/absent"
# Bytes that changed in the store: the registry serves them under the old digest.
data=$(find "$work/store" -path "*${digest#sha256:}/data")
printf ' ' >>"$data"
expect 3 'have the digest\|status\|cut short' "$program" image fetch "$host/team/$vector@$digest" --allow-local -o "$work/changed"
[ ! -e "$work/changed" ]
echo "$passed of $passed as documented, $(docker-registry --version 2>&1 | head -1)"
