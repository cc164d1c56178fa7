#!/usr/bin/env bash
# Finds what builds Rust for wasm32-unknown-unknown; to be sourced, with the repository's root as its argument.
# What is missing of a standard library and clang is taken from Debian's packages and unpacked beside the build; nothing is
# installed. Sets `build` (the command, without features) and the environment that it needs; calls `skip` with the reason
# where that cannot be done.
root=$1
target=wasm32-unknown-unknown
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$(cd "$root" && pwd)/target/wasm}
unpacked=$CARGO_TARGET_DIR/debian

skip() {
    echo "skipped: $*" >&2
    exit 0
}

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")

# Whether the release that this package would come in is below the declared Rust version.
older() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [ "$(printf '%s\n' "$wanted" "$candidate" | sort -V | head -n 1)" != "$wanted" ]
}

# Unpacks these packages and all that they need and the system lacks.
unpack() {
    [ -e "$unpacked/complete" ] && return 0
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    local names
    needed() { apt-get install --simulate --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\).*/\1/p'; }
    names=$(needed "$@")
    # A machine that never asked knows of no package, one that asked long ago of an old compiler; only its administrator
    # may ask again.
    if { [ -z "$names" ] || older "$1"; } && [ "$(id -u)" = 0 ] && apt-get update --quiet=2 >/dev/null 2>&1; then
        names=$(needed "$@")
    fi
    [ -n "$names" ] || return 1
    mkdir -p "$unpacked/packages"
    # shellcheck disable=SC2086  # the list is words
    (cd "$unpacked/packages" && apt-get download --quiet=2 $names >/dev/null 2>&1) || return 1
    for package in "$unpacked"/packages/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$unpacked" --no-wildcards-match-slash \
            --exclude='./usr/share/doc' --exclude='./usr/src/*/src' --exclude='./usr/src/*/compiler'
    done
    rm -r "$unpacked/packages"
    touch "$unpacked/complete"
}

host=$(rustc -vV | sed -n 's/^host: //p')
system=$(rustc --print sysroot)
build=(cargo build --locked --release --target "$target")
clang=$(command -v clang || command -v clang-19 || true)
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$system/lib/rustlib/$host/bin/rust-lld

if [ -n "$clang" ] && [ -d "$system/lib/rustlib/$target/lib" ]; then
    :
elif [ -n "$clang" ] && [ -e "$system/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    export RUSTC_BOOTSTRAP=1
    build+=(-Zbuild-std=std,panic_abort)
else
    # The compiler, its standard library's source and clang, of one Debian release.
    unpack rustc-web cargo-web rust-web-src clang-19 ||
        skip "no standard library for $target and no clang: neither here nor in Debian's packages"
    clang=$unpacked/usr/bin/clang-19
    # Older releases keep some of them outside /usr.
    libraries=$unpacked/usr/lib/$(uname -m)-linux-gnu:$unpacked/lib/$(uname -m)-linux-gnu
    for folder in "$unpacked"/usr/lib/llvm-*/lib; do libraries+=:$folder; done
    export LD_LIBRARY_PATH=$libraries RUSTC=$unpacked/usr/bin/rustc RUSTC_BOOTSTRAP=1
    found=$("$RUSTC" -vV | sed -n 's/^release: //p')
    if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        # Debian may have a newer one next time.
        rm -r "$unpacked"
        skip "Debian's compiler for $target is $found here, the crate declares $wanted"
    fi
    # Its manifest is of the release; the lock file is of this folder.
    build[0]=$unpacked/usr/bin/cargo
    build+=(-Zbuild-std=std,panic_abort)
fi

export CC_wasm32_unknown_unknown=$clang
