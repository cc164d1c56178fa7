#!/usr/bin/env bash
# Two images of 1 GiB each, of 20,000 and of 200,000 files, that differ in the times of all files and the content of one:
# what comparing them costs beside decompressing and hashing both. Outside the gate; needs python3 and 3 GiB of disk.
#
# usage: crates/image/benches/large.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ $# -gt 0 ] || trap 'rm -rf "$work"' EXIT
cargo build --release --locked --quiet -p veritee-image --example large
for count in 20000 200000; do
  python3 - "$work" "$count" <<'END'
import hashlib, io, json, random, sys, tarfile, zlib
work, count = sys.argv[1], int(sys.argv[2])
size = (1 << 30) // count - 512
# Half noise, half text: packs to about a half, as programs do.
noise = random.Random(1).randbytes(1 << 20)
class Packed(io.RawIOBase):
    def __init__(self, path):
        self.file, self.pack = open(path, "wb"), zlib.compressobj(1, zlib.DEFLATED, 31)
        self.raw, self.packed, self.size = hashlib.sha256(), hashlib.sha256(), 0
    def put(self, data):
        self.file.write(data); self.packed.update(data); self.size += len(data)
    def write(self, data):
        self.raw.update(data); self.put(self.pack.compress(data)); return len(data)
    def end(self):
        self.put(self.pack.flush()); self.file.close()
for name, time in (("one", 1700000000), ("other", 1800000000)):
    layer = Packed(f"{work}/layer")
    with tarfile.open(fileobj=layer, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(count):
            entry = tarfile.TarInfo(f"srv/{number // 1000}/{number}")
            entry.size, entry.mtime = size, time
            start = (number * 7919) % (len(noise) - size)
            half = size // 2
            data = noise[start : start + half] + b"x" * (size - half)
            if number == count // 2 and name == "other":
                data = b"!" + data[1:]
            tar.addfile(entry, io.BytesIO(data))
    layer.end()
    blobs = {}
    def blob(value):
        data = json.dumps(value).encode(); digest = hashlib.sha256(data).hexdigest(); blobs[digest] = data
        return digest, len(data)
    config = blob({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer.raw.hexdigest()]}})
    descriptor = lambda kind, digest, size: {"mediaType": kind, "digest": "sha256:" + digest, "size": size}
    image = "application/vnd.oci.image."
    manifest = blob({"schemaVersion": 2, "config": descriptor(image + "config.v1+json", *config),
                     "layers": [descriptor(image + "layer.v1.tar+gzip", layer.packed.hexdigest(), layer.size)]})
    index = json.dumps({"schemaVersion": 2, "manifests": [descriptor(image + "manifest.v1+json", *manifest)]}).encode()
    with tarfile.open(f"{work}/{name}.tar", "w") as tar:
        def put(path, data):
            entry = tarfile.TarInfo(path); entry.size = len(data); tar.addfile(entry, io.BytesIO(data))
        put("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        put("index.json", index)
        for digest, data in blobs.items():
            put("blobs/sha256/" + digest, data)
        entry = tarfile.TarInfo("blobs/sha256/" + layer.packed.hexdigest()); entry.size = layer.size
        with open(f"{work}/layer", "rb") as file:
            tar.addfile(entry, file)
END
  echo "== $count files"
  target/release/examples/large "$work"
done
