#!/bin/sh
# vendor.sh PACKAGE.deb: puts the Buildbot of a Debian package into lib/, in place of the one there.
set -eu
[ $# -eq 1 ] || { echo 'usage: vendor.sh PACKAGE.deb' >&2; exit 2; }
here=$(cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
dpkg-deb -x "$1" "$scratch"
rm -rf -- "${here:?}/lib"
mv -- "$scratch/usr/lib/python3/dist-packages" "$here/lib"
