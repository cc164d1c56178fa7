#!/usr/bin/env bash
# Makes test-vectors/images/pairs: one small image, and builds of it that each differ for one reason, by the tools that
# people use: buildah, umoci, skopeo, GNU tar and gzip. Everything in them is written here; the base is `scratch`.
# Times of commits are in some, so that a new run gives other digests: README.md beside it has those of the kept ones.
#
# usage: test-vectors/images/pairs.sh FOLDER   (Debian 12: apt-get install buildah umoci skopeo python3)
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
buildah() { command buildah --root "$work/store" --runroot "$work/run" "$@"; }
day=1700000000

tree() { # folder, package version, day of the account, time of the source
  local to=$1 version=$2 account=$3 time=$4 site=$1/usr/lib/python3/dist-packages
  mkdir -p "$to"/app "$to"/etc "$to"/var/{lib/dpkg,log,cache/apt} "$site/greeter"
  printf '#!/app/greeter\nhello\n' >"$to/app/run"
  chmod 755 "$to/app/run"
  printf 'what the program reads, %s\n' {1..20} >"$to/app/data"
  printf 'root:*:%s:0:99999:7:::\n' "$account" >"$to/etc/shadow"
  chmod 640 "$to/etc/shadow"
  printf 'Package: greeter\nStatus: install ok installed\nMaintainer: nobody <nobody@example.invalid>\nVersion: %s\n\n' \
    "$version" >"$to/var/lib/dpkg/status"
  printf 'day %s status installed greeter %s\n' "$account" "$version" >"$to/var/log/dpkg.log"
  printf 'cache %s' "$version" >"$to/var/cache/apt/pkgcache.bin"
  printf 'def greet():\n    return "hello"\n' >"$site/greeter/__init__.py"
  touch -d "@$time" "$site/greeter/__init__.py"
  python3 -m compileall -q -s "$to" "$site/greeter"
  mkdir "$site/greeter-$version.dist-info"
  printf 'Metadata-Version: 2.1\nName: greeter\nVersion: %s\n' "$version" >"$site/greeter-$version.dist-info/METADATA"
}

build() { # name, source tree, options of copy, of commit, of config
  local container
  container=$(buildah from scratch)
  # shellcheck disable=SC2086
  buildah copy --quiet $3 "$container" "$2" / >/dev/null
  # shellcheck disable=SC2086
  buildah config --env PATH=/app --cmd /app/run --os linux --arch amd64 $5 "$container"
  # shellcheck disable=SC2086
  buildah commit --quiet $4 "$container" "made:$1" >/dev/null
  # The compressor of buildah, skopeo, podman and umoci.
  buildah push --quiet --format oci "made:$1" "oci:$work/layout-$1:1"
  archive "$1" "$work/layout-$1"
}

archive() { # name, layout: as plain an archive as there is
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$day" --mode=go=rX,u+rw --format=ustar -b 1 \
    -cf "$out/$1.tar" -C "$2" oci-layout index.json blobs
}

packed() { # name, layer archive: a layer that was packed by hand, in the same image otherwise
  umoci init --layout "$work/layout-$1" >/dev/null
  umoci new --image "$work/layout-$1:1"
  umoci config --image "$work/layout-$1:1" --os linux --architecture amd64 --config.env PATH=/app --config.cmd /app/run \
    --created "2023-11-14T22:13:20Z" --no-history
  umoci raw add-layer --image "$work/layout-$1:1" --no-history "$2"
  umoci gc --layout "$work/layout-$1" >/dev/null
  archive "$1" "$work/layout-$1"
}

pack() { # archive, tree, options of tar
  local to=$1 from=$2
  shift 2
  tar --owner=0 --group=0 --numeric-owner --mtime="@$day" --format=ustar -cf "$to" -C "$from" "$@"
}

again() { # name, layout, compressor: the same layers packed by a program
  python3 - "$work/layout-$2" "$work/layout-$1" "${@:3}" <<'END'
import gzip, hashlib, json, pathlib, shutil, subprocess, sys
source, to, command = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
shutil.copytree(source, to)
blob = lambda digest: to / "blobs" / digest.replace(":", "/")
def put(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    blob(digest).write_bytes(data)
    return {"digest": digest, "size": len(data)}
index = json.loads((to / "index.json").read_text())
old = index["manifests"][0]["digest"]
manifest = json.loads(blob(old).read_text())
for layer in manifest["layers"]:
    plain = gzip.decompress(blob(layer["digest"]).read_bytes())
    blob(layer["digest"]).unlink()
    layer.update(put(subprocess.run(command, input=plain, capture_output=True, check=True).stdout))
blob(old).unlink()
index["manifests"][0].update(put(json.dumps(manifest).encode()))
(to / "index.json").write_text(json.dumps(index))
END
  archive "$1" "$work/layout-$1"
}

tree "$work/tree" 1.0 19675 $day
fixed="--timestamp $day"
build buildah "$work/tree" "" "$fixed" ""
# Nothing sets a time: those of the sources and of the commit.
cp -a "$work/tree" "$work/later"
find "$work/later" -exec touch -d '2024-02-03 04:05:06' {} +
build buildah-times "$work/later" "" "" ""
build buildah-owner "$work/tree" "--chown 1000:1000" "$fixed" ""
build buildah-environment "$work/tree" "" "$fixed" "--env MODE=development"
cp -a "$work/tree" "$work/mode"
chmod -R go-rx "$work/mode"
build buildah-umask "$work/mode" "" "$fixed" ""
# Packages of apt and pip: databases, logs, caches, and what they installed.
tree "$work/apt" 1.1 19675 $day
rm -r "$work/apt/usr"
cp -a "$work/tree/usr" "$work/apt"
build buildah-apt "$work/apt" "" "$fixed" ""
cp -a "$work/tree" "$work/pip"
rm -r "$work/pip/usr"
tree "$work/pip-new" 1.1 19675 $day
cp -a "$work/pip-new/usr" "$work/pip"
build buildah-pip "$work/pip" "" "$fixed" ""
# The same packages installed a day later: byte code holds the time of its source, accounts the day.
tree "$work/next" 1.0 19676 $((day + 86400))
build buildah-next-day "$work/next" "" "$fixed" ""
# In two layers in place of one, on a base of its own.
base=$(buildah from scratch)
mkdir -p "$work/low" "$work/high"
cp -a "$work/tree/etc" "$work/tree/usr" "$work/low"
cp -a "$work/tree/app" "$work/tree/var" "$work/high"
buildah copy --quiet "$base" "$work/low" / >/dev/null
buildah commit --quiet --timestamp $day "$base" made:base >/dev/null
container=$(buildah from --pull-never localhost/made:base)
buildah copy --quiet "$container" "$work/high" / >/dev/null
buildah config --env PATH=/app --cmd /app/run "$container"
buildah commit --quiet --timestamp $day "$container" made:two >/dev/null
buildah push --quiet --format oci made:two "oci:$work/layout-buildah-two-layers:1"
archive buildah-two-layers "$work/layout-buildah-two-layers"
# The same image by other compressors.
skopeo copy --quiet --dest-compress-format zstd --dest-compress --dest-force-compress-format \
  "oci:$work/layout-buildah:1" "oci:$work/layout-buildah-zstd:1" 2>/dev/null ||
  skopeo copy --quiet --dest-compress-format zstd "oci:$work/layout-buildah:1" "oci:$work/layout-buildah-zstd:1"
archive buildah-zstd "$work/layout-buildah-zstd"
again buildah-gnu-gzip buildah gzip -n -9
# Layers packed by hand.
pack "$work/names.tar" "$work/tree" --sort=name .
packed umoci "$work/names.tar"
(cd "$work/tree" && find . | LC_ALL=C sort -r) >"$work/reversed"
pack "$work/order.tar" "$work/tree" --no-recursion -T "$work/reversed"
packed umoci-order "$work/order.tar"
pack "$work/gnu.tar" "$work/tree" --sort=name --format=gnu .
packed umoci-gnu-tar "$work/gnu.tar"
cp -a "$work/tree" "$work/linked"
cp -a "$work/linked/app/run" "$work/linked/app/again"
cp -a "$work/linked" "$work/copied"
ln -f "$work/linked/app/run" "$work/linked/app/again"
pack "$work/linked.tar" "$work/linked" --sort=name .
packed umoci-linked "$work/linked.tar"
pack "$work/copied.tar" "$work/copied" --sort=name .
packed umoci-copied "$work/copied.tar"
tar -tf "$work/names.tar" | grep -v "/$" >"$work/files"
pack "$work/files.tar" "$work/tree" --no-recursion -T "$work/files"
packed umoci-no-folders "$work/files.tar"
ls -l "$out" | awk '{ print $5, $9 }'
