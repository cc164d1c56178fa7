#!/usr/bin/env bash
# Signing changes the Authenticode digest of Debian 12's systemd-boot, and LIEF and virt-firmware tell two for it unsigned.
#
# The digest of a PE image by which firmware measures what it starts (PCR 4, RTMR1 in TDX) leaves out the signature and the
# fields that point to it, so that it is one for the signed and the unsigned file. But a signature has to begin at a multiple
# of eight bytes, the file is filled up to that with zeros first, and these are hashed. systemd-bootx64.efi of Debian 12
# (systemd-boot-efi 252) ends between two such places. Seen with it:
#   unsigned, LIEF 1.0.0                       the digest of the bytes that are there, which UEFI firmware also takes
#   unsigned, virt-firmware 26.10              another: that of the bytes and the zeros
#   signed by sbsign 0.9.4, both               that of the bytes and the zeros
#   filled up to eight by hand, both           the same; only then signing leaves it as it was
# So the digest of a reproduced build is not in the event log of an honest machine that starts it signed, and what
# virt-firmware tells for an unsigned one is not in the log of a machine that starts that. Whoever pins boot loaders or
# kernels by this digest has to make both, with zeros and without.
# Needs: apt-get with Debian 12 sources, dpkg, python3 with venv, openssl 3. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Updates of a stable release replace each other in the archive: of the boot loader the newest that Debian 12 has is taken.
boot=$(apt-cache madison systemd-boot-efi | awk -F'|' '$2 ~ / 252\..*deb12u/ { gsub(/ /, "", $2); print $2; exit }')
[ -n "$boot" ] || { echo "no systemd-boot-efi 252 of Debian 12 in the package lists" >&2; exit 1; }
for package in "systemd-boot-efi=$boot" sbsigntool=0.9.4-3.1; do
  apt-get download -qq "$package" 2>/dev/null || { echo "$package cannot be had" >&2; exit 1; }
done
for file in ./*.deb; do dpkg -x "$file" root; done
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check lief==1.0.0 virt-firmware==26.10 pefile==2024.8.26
sbsign() { root/usr/bin/sbsign --key key.pem --cert cert.pem --output "$2" "$1" 2>/dev/null; }
openssl req -new -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=made-here -days 30 2>/dev/null
cp root/usr/lib/systemd/boot/efi/systemd-bootx64.efi unsigned.efi
size=$(stat -c %s unsigned.efi)
echo "systemd-boot-efi $boot: $size bytes, $((size % 8)) more than a multiple of eight"
[ $((size % 8)) != 0 ] || { echo "this one ends at a multiple of eight" >&2; exit 1; }
cp unsigned.efi filled.efi
head -c $((8 - size % 8)) /dev/zero >>filled.efi
sbsign unsigned.efi signed.efi
sbsign filled.efi filled-signed.efi
python/bin/python - <<'PYTHON'
import hashlib, logging, struct, sys
from importlib.metadata import version
import lief, pefile
from virt.peutils.pesign import pe_authenticode_hash

logging.disable(logging.CRITICAL)


def there(name):
    """All bytes of an unsigned PE32+ image whose sections follow each other, but for the two fields that signing sets."""
    data = open(name, "rb").read()
    optional = struct.unpack_from("<I", data, 0x3C)[0] + 24
    assert struct.unpack_from("<H", data, optional)[0] == 0x20B
    return hashlib.sha256(data[: optional + 64] + data[optional + 68 : optional + 144] + data[optional + 152 :]).hexdigest()


def told(name):
    image = lief.PE.parse(name)
    return image.authentihash(lief.PE.ALGORITHMS.SHA_256).hex(), pe_authenticode_hash(pefile.PE(name), "sha256").hex()


print(f"LIEF {version('lief')}, virt-firmware {version('virt-firmware')}")
bare, filled = there("unsigned.efi"), there("filled.efi")
same = bare != filled
for name, expected in {
    "unsigned": (bare, filled),
    "signed": (filled, filled),
    "filled": (filled, filled),
    "filled-signed": (filled, filled),
}.items():
    seen = told(name + ".efi")
    same = same and seen == expected
    words = ["as it is" if each == bare else "with zeros" if each == filled else "neither" for each in seen]
    print(f"{name:14} LIEF {seen[0][:12]} ({words[0]}), virt-firmware {seen[1][:12]} ({words[1]})")
sys.exit(0 if same else "this has changed")
PYTHON
