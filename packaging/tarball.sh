#!/usr/bin/env bash
# Makes the tarball from binaries that are there: the same input gives the same bytes.
#
#   packaging/tarball.sh VERSION BIN_DIR TARGET OUT
#
# VERSION is that of the binaries, BIN_DIR holds the four of them, TARGET is what they run on, such as
# x86_64-unknown-linux-musl, OUT is the folder that the tarball goes to. Its path is printed. SOURCE_DATE_EPOCH is the
# time of all files in it, that of the last commit unless set.
set -euo pipefail
[ $# -eq 4 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
name=supervisord-$1-$3
mkdir -p "$4"
bin=$(cd "$2" && pwd) out=$(cd "$4" && pwd)
: "${SOURCE_DATE_EPOCH:=$(git -C "$root" log -1 --format=%ct)}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

inside=$folder/$name
install -d -m 755 "$inside" "$inside/man" "$inside/completions"
install -m 755 "$bin"/{supervisord,supervisorctl,pidproxy,echo_supervisord_conf} "$inside"
install -m 644 "$root"/{README.md,CHANGELOG.md,LICENSE-APACHE,LICENSE-MIT} "$inside"
install -m 644 "$root"/packaging/systemd/supervisord.service "$root"/packaging/systemd/hardening.conf "$inside"
install -m 644 "$root"/packaging/man/*.[158] "$inside/man"
for shell in bash zsh fish; do
    "$bin/supervisorctl" completion "$shell" >"$inside/completions/supervisorctl.$shell"
    chmod 644 "$inside/completions/supervisorctl.$shell"
done
tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu -cf - "$name" |
    gzip -9n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz"
