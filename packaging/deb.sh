#!/usr/bin/env bash
# Makes the package for Debian and Ubuntu from binaries that are there: the same input gives the same bytes.
#
#   packaging/deb.sh VERSION BIN_DIR OUT
#
# VERSION is that of the binaries, BIN_DIR holds the four of them (stripped), OUT is the folder that the package goes to.
# Its path is printed. It has Debian's own name, so that it takes the place of the package in Python with its service and
# its configuration, and a version above any of that. DEBFULLNAME and DEBEMAIL are who is told as its maintainer,
# SOURCE_DATE_EPOCH is its time, that of the last commit unless set. Needs debhelper.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
version=$1+rs1
mkdir -p "$3"
out=$(cd "$3" && pwd)
SV_BIN=$(cd "$2" && pwd)
export SV_BIN SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
maintainer="${DEBFULLNAME:-Supervisor in Rust} <${DEBEMAIL:-supervisor@packages.invalid}>"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build=$folder/supervisor-$version

mkdir "$build"
cp -r "$root/packaging/debian" "$build/debian"
cd "$build"
cp "$root/packaging/systemd/supervisord.service" debian/supervisor.service
cp "$root/packaging/sysv/supervisor" debian/supervisor.init
cp -r "$root/packaging/man" debian/man
mkdir -p debian/docs/docs debian/examples
cp "$root"/{README,COMPATIBILITY}.md debian/docs
cp "$root"/docs/*.md debian/docs/docs
cp "$root/packaging/systemd/hardening.conf" debian/examples
# By this name in debian/ it would become the rule of every machine.
mv debian/logrotate.example debian/examples/logrotate
sed -i "s/@MAINTAINER@/$maintainer/" debian/control
mit=$(tail -n +3 "$root/LICENSE-MIT" | sed 's/^$/./; s/^/ /')
awk -v mit="$mit" '$0 == "@MIT@" { print mit; next } { print }' "$root/packaging/debian/copyright" >debian/copyright
cat >debian/changelog <<END
supervisor ($version) unstable; urgency=medium

  * See CHANGELOG.md of the source.

 -- $maintainer  $(date -uR -d "@$SOURCE_DATE_EPOCH")
END
dpkg-buildpackage -b -us -uc -d >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
package=supervisor_${version}_$(dpkg --print-architecture).deb
cp "$folder/$package" "$out/$package"
echo "$out/$package"
