#!/bin/sh
# Does what `python setup.py sdist --format=tar` did: a tar in dist/ with the time of the day, the
# owner and the rights of whoever made it.
set -eu
version=$(sed -n 's/^ *version = "\(.*\)",$/\1/p' setup.py)
name="MaKaC-$version"
mkdir -p "dist/$name"
cp -R MaKaC resources README MANIFEST.in MaKaCConfig.src setup.py "dist/$name/"
echo "Version: $version" > "dist/$name/PKG-INFO"
tar -c -f "dist/$name.tar" -C dist "$name"
rm -r "dist/$name"
