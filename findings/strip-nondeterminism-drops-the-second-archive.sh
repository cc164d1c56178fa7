#!/usr/bin/env bash
# strip-nondeterminism 1.13.1 (Debian 12) cuts an initramfs of two cpio archives down to its first one.
#
# An initramfs may be several cpio archives one after the other, and with early microcode it always is: a small plain one
# for the processor, then the real root file system (the kernel's buffer format). The tool should set the times in it, or
# leave alone what it does not know. Seen with two such archives made here:
#   one archive                       the times are set, all files are there
#   two archives in one .cpio file    the times of the first are set, the second is no longer in the file; exit 0, no word
#   the second one gzip-compressed    the same
#   the same file named .img          left as it was: a cpio is looked for by its name
# The file is changed in place and what is left still is a good cpio. A build that runs this to become reproducible makes
# the same wrong file each time: two builders agree on it, and the measured initrd (RTMR2 in TDX, PCR 9) is not what was
# built.
# Needs: apt-get with Debian 12 sources, dpkg, perl, file, python3. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in strip-nondeterminism=1.13.1-1 libfile-stripnondeterminism-perl=1.13.1-1 libarchive-cpio-perl=0.10-3 \
  libarchive-zip-perl=1.68-1 libsub-override-perl=0.09-4; do
  apt-get download -qq "$package" 2>/dev/null || { echo "$package cannot be had" >&2; exit 1; }
done
for file in ./*.deb; do dpkg -x "$file" root; done
export PERL5LIB="$folder/root/usr/share/perl5"
normalize() { perl root/usr/bin/strip-nondeterminism --timestamp 1700000000 "$1"; }
version=$(perl -MFile::StripNondeterminism -e 'print $File::StripNondeterminism::VERSION')
[ "$version" = 1.13.1 ] || { echo "another version: $version" >&2; exit 1; }
echo "strip-nondeterminism $version"

cat >cpio.py <<'PYTHON'
import gzip, sys


def archive(files, time):
    out = b""
    for number, (name, data) in enumerate(files + [("TRAILER!!!", b"")], 1):
        last = name == "TRAILER!!!"
        mode = 0 if last else 0o100644
        fields = [0 if last else number, mode, 0, 0, 1, 0 if last else time, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out + bytes(-len(out) % 512)


def listing(data):
    while data:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        elif data[:6] == b"070701":
            field = lambda number: int(data[6 + 8 * number : 14 + 8 * number], 16)
            start = 110 + field(11) + -(110 + field(11)) % 4
            name = data[110 : 109 + field(11)].decode()
            if name != "TRAILER!!!":
                yield f"{name}@{field(5)}"
            data = data[start + field(6) + -field(6) % 4 :]
        else:
            assert data[:1] == b"\0", data[:16]
            data = data.lstrip(b"\0")


if sys.argv[1] == "list":
    print(*listing(open(sys.argv[2], "rb").read()))
else:
    early = archive([("kernel/x86/microcode/GenuineIntel.bin", b"microcode")], 1)
    main = archive([("init", b"#!/bin/sh\n"), ("bin/sh", b"a shell")], 2)
    for name, data in [("one.cpio", main), ("two.cpio", early + main), ("two.img", early + main)]:
        open(name, "wb").write(data)
    open("compressed.cpio", "wb").write(early + gzip.compress(main))
PYTHON
python3 cpio.py make

seen() { # file, what it should list afterwards
  before=$(python3 cpio.py list "$1")
  normalize "$1"
  after=$(python3 cpio.py list "$1")
  printf '%s\n  before: %s\n  after:  %s\n' "$1" "$before" "$after"
  [ "$after" = "$2" ] || { echo "$1: this has changed" >&2; exit 1; }
}
seen one.cpio "init@1700000000 bin/sh@1700000000"
seen two.cpio "kernel/x86/microcode/GenuineIntel.bin@1700000000"
seen compressed.cpio "kernel/x86/microcode/GenuineIntel.bin@1700000000"
seen two.img "kernel/x86/microcode/GenuineIntel.bin@1 init@2 bin/sh@2"
