#!/usr/bin/env bash
# Makes the package python3-supervisor: the library of Supervisor 4.3.0 in Python, without its commands, for event
# listeners that import supervisor.childutils. Nothing of it is part of this repository: it comes as it is published, and
# is compared by its hash.
#
#   packaging/python3-supervisor.sh OUT
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
version=4.3.0
hash=0bcb763fddafba410f35cbde226aa7f8514b9fb82eb05a0c85f6588d1c13f8db
mkdir -p "$1"
out=$(cd "$1" && pwd)
# The time of all files: that of the release.
export SOURCE_DATE_EPOCH=1755907200
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo "supervisor==$version --hash=sha256:$hash" >requirements
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --dest . --requirement requirements
library=package/usr/lib/python3/dist-packages
mkdir -p $library package/usr/share/doc/python3-supervisor package/DEBIAN
python3 -m zipfile -e supervisor-*.whl $library
rm -rf $library/supervisor/tests $library/supervisor/scripts $library/supervisor-*/entry_points.txt $library/supervisor-*/RECORD
find $library -iname 'licen[sc]e*' -o -iname 'copyright*' | sort | xargs -r cat >package/usr/share/doc/python3-supervisor/copyright
cat >package/DEBIAN/control <<END
Package: python3-supervisor
Version: $version-1
Architecture: all
Maintainer: ${DEBFULLNAME:-Supervisor in Rust} <${DEBEMAIL:-supervisor@packages.invalid}>
Section: python
Priority: optional
Depends: python3 (>= 3.8), python3-pkg-resources
Breaks: supervisor (<< 5)
Replaces: supervisor (<< 5)
Description: library of Supervisor in Python, without its commands
 What event listeners import: supervisor.childutils and its neighbours. The
 daemon itself is the package supervisor.
END
find package -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
find package -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build package "$out/python3-supervisor_$version-1_all.deb" >/dev/null
echo "$out/python3-supervisor_$version-1_all.deb"
