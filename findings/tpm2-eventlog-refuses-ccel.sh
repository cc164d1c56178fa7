#!/usr/bin/env bash
# tpm2_eventlog of tpm2-tools 5.4 (Debian 5.4-1) cannot print the event log of a TDX machine.
#
# A CCEL area (UEFI: confidential computing event log) has the layout of a TPM 2.0 event log. Two things differ, and
# TDX firmware writes both: the header event stands at measurement register index 1, where a TPM's log has PCR 0, and
# the area is filled up to its size with 0xff. Seen with a log of two events made here:
#   as firmware writes it          refused: "bad pcrIndex for EV_NO_ACTION event"; two empty documents on stdout
#   header index 0, filled area    both events are printed, then refused: "PCR Index -1 is out of bounds"
#   header index 0, cut at the end printed, and its "PCRs" 1 and 2 are what RTMR0 and RTMR1 must be
# So its replay is right for TDX (index minus one is the RTMR), and only the header and the filling keep it from use.
# Needs: apt-get with Debian 12 sources, dpkg, python3. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Security updates of libcurl leave the archive when the next one comes: of it the newest that Debian 12 has is taken. The
# tool is linked against it and does not use it here.
curl=$(apt-cache madison libcurl3-gnutls | awk -F'|' '$2 ~ /7\.88\.1-10\+deb12u/ { gsub(/ /, "", $2); print $2; exit }')
[ -n "$curl" ] || { echo "no libcurl3-gnutls 7.88.1-10+deb12u* in the package lists" >&2; exit 1; }
for package in tpm2-tools=5.4-1 libtss2-esys-3.0.2-0=3.2.1-3 libtss2-mu0=3.2.1-3 libtss2-rc0=3.2.1-3 \
  libtss2-sys1=3.2.1-3 libtss2-tctildr0=3.2.1-3 "libcurl3-gnutls=$curl"; do
  apt-get download -qq "$package" 2>/dev/null || { echo "$package cannot be had" >&2; exit 1; }
done
for file in ./*.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
tool="$folder/root/usr/bin/tpm2_eventlog"
"$tool" --version | grep -q 'version="5.4"' || { echo "another version" >&2; exit 1; }

python3 - <<'PYTHON'
import hashlib, struct
name = b"Spec ID Event03\0"
body = name + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, 1) + struct.pack("<HH", 12, 48) + b"\0"
def header(index):
    return struct.pack("<II", index, 3) + bytes(20) + struct.pack("<I", len(body)) + body
def event(index, text):
    digest = hashlib.sha384(text).digest()
    return struct.pack("<IIIH", index, 0x80000007, 1, 12) + digest + struct.pack("<I", len(text)) + text
texts = [(1, b"first register"), (2, b"second register")]
events = b"".join(event(*each) for each in texts)
fill = b"\xff" * 256
open("firmware.bin", "wb").write(header(1) + events + fill)
open("index-zero.bin", "wb").write(header(0) + events + fill)
open("cut.bin", "wb").write(header(0) + events)
with open("expected", "w") as out:
    for index, text in texts:
        out.write(hashlib.sha384(bytes(48) + hashlib.sha384(text).digest()).hexdigest() + "\n")
PYTHON

fails() { # file, words that its errors hold, events printed before
  if "$tool" "$1" >out 2>err; then echo "$1 is read" >&2; exit 1; fi
  grep -q "$2" err || { echo "$1: other words" >&2; cat err >&2; exit 1; }
  [ "$(grep -c 'EventType: EV_EFI_ACTION' out || true)" = "$3" ] || { echo "$1: other events" >&2; exit 1; }
  echo "$1: $(head -n 1 err)"
}
fails firmware.bin "bad pcrIndex for EV_NO_ACTION event" 0
fails index-zero.bin "PCR Index -1 is out of bounds" 2
"$tool" cut.bin >out 2>err
sed -n '/^pcrs:/,$p' out | sed -n 's/.*: 0x\([0-9a-f]\{96\}\)$/\1/p' | diff - expected
echo "cut.bin: read; PCR 1 and PCR 2 are RTMR0 and RTMR1"
