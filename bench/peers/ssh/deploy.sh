# shellcheck shell=sh
# The floor: everything in one command over one connection, the tarball on its standard input.
# Arguments: TARGET RELEASE. Nothing is checked, nothing can go back.
set -eu
cd "$1"
mkdir -p "releases/$2"
tar -x -z -f - -C "releases/$2" --strip-components=1
for name in data run settings; do ln -s "$1/shared/$name" "releases/$2/$name"; done
ln -s "releases/$2" current.new
mv -T current.new current
current/bin/daemon restart
# shellcheck disable=SC2012 # the names are ours
ls -1 releases | sort -r | tail -n +6 | while read -r old; do rm -rf "releases/$old"; done
