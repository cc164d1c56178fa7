#!/usr/bin/env bash
# buildah 1.28.2 and umoci 0.4.7 (both Debian 12) unpack different trees of the same image.
#
# A whiteout hides what lower layers hold and never what its own layer holds, wherever in the layer it stands; the image
# specification (layer.md, "Whiteouts") says so in words and shows the two orders as the same. umoci does that. buildah does
# it only while the marker comes first. Seen with images of two layers made here, whose second layer holds
#   d/.wh..wh..opq, d/s/new            both tools have d/s/new, and d/old is gone
#   d/s/, d/s/new, d/.wh..wh..opq      both the same
#   d/s/new, d/.wh..wh..opq            umoci has d/s/new; in buildah's tree it is gone, as d/s has no entry of its own
#   .wh.a, a                           both have a
#   a, .wh.a                           umoci has a; in buildah's tree there is no a
#   d/, d/new, .wh.d                   umoci has d/new; buildah refuses the image: "chtimes /d: no such file or directory"
# So one image is two trees, and a list of its files, or a rebuild compared file by file, comes out otherwise with each tool:
# whoever states what is in an image has to say which reader it was.
# Needs: root on Linux x86-64, apt-get with Debian 12 sources, dpkg, python3. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
# Where root's buildah remembers blobs cannot be told to it: a list that was not there before is taken away again.
cache=/var/lib/containers/cache
list=$cache/blob-info-cache-v1.boltdb
[ ! -e "$list" ] || list=
tidy() {
  rm -rf "$folder"
  if [ -n "$list" ]; then rm -f "$list" && rmdir --ignore-fail-on-non-empty -p "$cache" 2>/dev/null || true; fi
}
trap tidy EXIT
cd "$folder"
for package in buildah=1.28.2+ds1-3+deb12u1+b3 umoci=0.4.7+ds-3+b7 libgpgme11 libassuan0 libseccomp2 libdevmapper1.02.1; do
  apt-get download -qq "$package" 2>/dev/null || { echo "$package cannot be had" >&2; exit 1; }
done
for file in ./*.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu"
export HOME="$folder" TMPDIR="$folder"
export CONTAINERS_REGISTRIES_CONF="$folder/registries.conf"
: >registries.conf
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy.json
buildah() { root/usr/bin/buildah --storage-driver vfs --root "$folder/storage" --runroot "$folder/run" "$@"; }
umoci() { root/usr/bin/umoci "$@"; }
buildah --version | grep '^buildah version 1\.28\.2 '
umoci --version | grep '^umoci version 0\.4\.7+'

python3 - <<'PYTHON'
import hashlib, io, json, os, tarfile


def layer(names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in names:
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mtime = 1600000000
            if name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            else:
                text = b"" if ".wh." in name else b"new"
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
    return out.getvalue()


def image(name, layers):
    blobs = f"{name}/blobs/sha256"
    os.makedirs(blobs)

    def put(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{blobs}/{digest}", "wb") as out:
            out.write(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + digest, "size": len(data)}

    layers = [put("layer.v1.tar", each) for each in layers]
    rootfs = {"type": "layers", "diff_ids": [each["digest"] for each in layers]}
    config = put("config.v1+json", json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode())
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers}
    top = put("manifest.v1+json", json.dumps(manifest).encode())
    top["annotations"] = {"org.opencontainers.image.ref.name": "it"}
    for file, what in {
        "index.json": {"schemaVersion": 2, "manifests": [top]},
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
    }.items():
        with open(f"{name}/{file}", "w") as out:
            json.dump(what, out)


base = layer(["a", "d/", "d/old"])
image("opaque-first", [base, layer(["d/.wh..wh..opq", "d/s/new"])])
image("opaque-last-with-entry", [base, layer(["d/s/", "d/s/new", "d/.wh..wh..opq"])])
image("opaque-last", [base, layer(["d/s/new", "d/.wh..wh..opq"])])
image("whiteout-first", [base, layer([".wh.a", "a"])])
image("whiteout-last", [base, layer(["a", ".wh.a"])])
image("directory-then-whiteout", [base, layer(["d/", "d/new", ".wh.d"])])
PYTHON

files() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }
seen() { # image, files that umoci has, files that buildah has or the words that its errors hold
  umoci raw unpack --image "$1:it" "tree-$1" 2>umoci.err
  one=$(files "tree-$1")
  if container=$(buildah from --signature-policy policy.json --isolation chroot "oci:$1:it" 2>err); then
    other=$(files "$(buildah mount "$container")")
    buildah rm "$container" >/dev/null
  else
    other="refused: $(grep -o 'chtimes /d: no such file or directory' err | head -n 1)"
  fi
  printf '%-24s umoci: %-16s buildah: %s\n' "$1" "$one" "$other"
  [ "$one" = "$2" ] && [ "$other" = "$3" ] || { echo "$1: this has changed" >&2; exit 1; }
}
seen opaque-first "./a ./d/s/new " "./a ./d/s/new "
seen opaque-last-with-entry "./a ./d/s/new " "./a ./d/s/new "
seen opaque-last "./a ./d/s/new " "./a "
seen whiteout-first "./a ./d/old " "./a ./d/old "
seen whiteout-last "./a ./d/old " "./d/old "
seen directory-then-whiteout "./a ./d/new " "refused: chtimes /d: no such file or directory"
