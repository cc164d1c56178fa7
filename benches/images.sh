#!/usr/bin/env bash
# `veritee image compare` beside diffoscope on the same images, in one run: what each answers about the small pairs of
# test-vectors/images, and what each costs on two images of 1 GiB, beside decompressing and hashing both with gzip and
# sha256sum. diffoscope is asked twice: with the images as they are, and with their layers, which somebody took out of them
# for it, since in an image's archive it looks into no blob that has another name on the other side. diffoci is no package of any registry that this needs (Go modules alone), reads no files, and is left out.
# Outside the gate.
#
# usage: benches/images.sh [answers] [costs]     with VERITEE=PROGRAM (a release build), FOLDER=FOLDER (3 GiB, kept)
#   diffoscope 332 comes from PyPI into target/peers; it asks for no other program here. LIMIT=SECONDS ends it (900).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${VERITEE:-$root/target/release/veritee}")
folder=${FOLDER:-$(mktemp -d)}
mkdir -p "$folder"
[ -n "${FOLDER:-}" ] || trap 'rm -rf "$folder"' EXIT
peers=$root/target/peers
[ -x "$peers/bin/diffoscope" ] || {
  [ -x "$peers/bin/python" ] || python3 -m venv "$peers"
  "$peers/bin/pip" install --quiet --disable-pip-version-check diffoscope==332 py-tlsh==5.0.0 defusedxml==0.7.1
}
limit=${LIMIT:-900}

measured() { # name, command...: seconds, most memory, exit code
  local name=$1 code=0 began
  shift
  began=$(date +%s.%N)
  python3 - "$folder/out" "$@" <<'END' || code=$?
import os, subprocess, sys
with open(sys.argv[1], "wb") as out:
    child = subprocess.Popen(sys.argv[2:], stdout=out, stderr=subprocess.STDOUT)
    _, status, used = os.wait4(child.pid, 0)
print(used.ru_maxrss // 1024, file=open(sys.argv[1] + ".peak", "w"))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
END
  printf '%-34s %8.1f s  %6s MiB  exit %s\n' "$name" "$(echo "$(date +%s.%N) - $began" | bc)" "$(cat "$folder/out.peak")" "$code"
}

# The layers of an archive, unpacked: layer-0.tar and so on.
layers() { # archive, folder
  python3 - "$1" "$2" <<'END'
import gzip, io, json, shutil, sys, tarfile
from pathlib import Path
archive, to = tarfile.open(sys.argv[1]), Path(sys.argv[2])
to.mkdir(parents=True, exist_ok=True)
blob = lambda digest: archive.extractfile("blobs/" + digest.replace(":", "/"))
index = json.load(archive.extractfile("index.json"))
manifest = json.load(blob(index["manifests"][0]["digest"]))
for number, layer in enumerate(manifest["layers"]):
    packed = blob(layer["digest"])
    if layer["mediaType"].endswith("zstd"):
        sys.exit(f"{sys.argv[1]}: packed with zstd")
    with open(to / f"layer-{number}.tar", "wb") as out:
        shutil.copyfileobj(gzip.GzipFile(fileobj=packed) if layer["mediaType"].endswith("gzip") else packed, out)
END
}

heads() { # a report: how many lines, and the first things that it names
  echo "$(wc -l <"$1") lines: $(sed -n 's/^[ │]*├── //p' "$1" | cut -c1-50 | head -5 | paste -sd';')"
}

rung() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["rung"], ", ".join(x["cause"] for x in d["differences"]))' "$1"; }

answers() {
  local pairs=$root/test-vectors/images/pairs one other
  grep -o '^| `pairs/[a-z-]*.tar` | `pairs/[a-z-]*.tar` | S[0-5] ' "$root/test-vectors/images/README.md" |
    sed 's/[|`]//g; s/pairs.//g; s/\.tar//g' | while read -r one other _; do
    "$program" image compare "$pairs/$one.tar" "$pairs/$other.tar" --format json >"$folder/ours" || true
    "$peers/bin/diffoscope" --no-progress --text "$folder/theirs" "$pairs/$one.tar" "$pairs/$other.tar" || true
    echo "== $one, $other"
    echo "   veritee             $(rung "$folder/ours")"
    echo "   diffoscope          $(heads "$folder/theirs")"
    rm -rf "$folder/layers"
    if layers "$pairs/$one.tar" "$folder/layers/1" && layers "$pairs/$other.tar" "$folder/layers/2"; then
      : >"$folder/theirs"
      "$peers/bin/diffoscope" --no-progress --exclude-directory-metadata=yes --text "$folder/theirs" "$folder/layers/1" "$folder/layers/2" || true
      echo "   diffoscope, layers  $(heads "$folder/theirs")"
    fi
  done
}

costs() {
  [ -f "$folder/other.tar" ] || "$root/crates/image/benches/large.sh" "$folder"
  echo "two images of 1 GiB, 200,000 files each; they differ in every time and in the content of one file"
  hash() {
    local layer
    for image in one other; do
      layer=$(tar -tvf "$folder/$image.tar" | sort -k3 -n | tail -1 | awk '{ print $NF }')
      tar -xOf "$folder/$image.tar" "$layer" | gzip -dc | sha256sum
    done
  }
  export -f hash
  export folder
  measured "gzip -dc, sha256sum of both" bash -c hash
  measured "veritee image compare" "$program" image compare "$folder/one.tar" "$folder/other.tar" --format json
  echo "   $(rung "$folder/out")"
  measured "diffoscope 332, at most $limit s" timeout "$limit" "$peers/bin/diffoscope" --no-progress --exclude-directory-metadata=yes --text /dev/stdout \
    "$folder/one.tar" "$folder/other.tar"
  echo "   $(wc -l <"$folder/out") lines, names the file that differs $(grep -c 'srv/100/100000' "$folder/out" || true) times"
  layers "$folder/one.tar" "$folder/layers/one"
  layers "$folder/other.tar" "$folder/layers/other"
  measured "the same, given the layers" timeout "$limit" "$peers/bin/diffoscope" --no-progress --exclude-directory-metadata=yes --text /dev/stdout \
    "$folder/layers/one" "$folder/layers/other"
  echo "   $(wc -l <"$folder/out") lines, names the file that differs $(grep -c 'srv/100/100000' "$folder/out" || true) times"
  rm -rf "$folder/layers"
  measured "gzip -dc, sha256sum of both, again" bash -c hash
}

for part in ${*:-answers costs}; do
  case $part in
  answers) answers ;;
  costs) costs ;;
  *) echo "usage: benches/images.sh [answers] [costs]" >&2 && exit 2 ;;
  esac
done
