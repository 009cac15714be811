#!/usr/bin/env bash
# Brings what packaging/build needs beside cargo: zig, which links for older C libraries and for none; and, where rustup
# cannot add x86_64-unknown-linux-musl, Debian's compiler with the sources of the standard library. Unpacked, not
# installed, since that compiler conflicts with rustup: about 1.6 GB below FOLDER.
#
#   packaging/toolchain.sh [FOLDER]     target/toolchain unless named; Debian 12, x86_64
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/target/toolchain}
mkdir -p "$folder"
cd "$folder"

# Debian's security archive keeps this one current for its browsers.
debian_packages=(rustc-web cargo-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22
    libgit2-1.5 libssh2-1 libmbedcrypto7 libmbedtls14 libmbedx509-1 libhttp-parser2.9)

if [ ! -x zig/bin/cargo-zigbuild ]; then
    python3 -m venv zig
    zig/bin/pip install --quiet --disable-pip-version-check ziglang==0.17.1 cargo-zigbuild==0.24.1
fi
if ! rustup target list --installed 2>/dev/null | grep -q linux-musl && [ ! -x root/usr/bin/rustc ]; then
    apt-get update -qq
    apt-get download -qq "${debian_packages[@]}"
    for package in *.deb; do dpkg -x "$package" root; done
    rm -- *.deb
fi
