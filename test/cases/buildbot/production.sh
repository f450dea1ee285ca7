#!/bin/sh
# production.sh BUILDS ADDRESS: the old release as it has been in use by hand, with builds of a real
# worker. Files beside it: release.tar.gz, site.json, and those of this directory.
set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd)
release=/opt/buildbot/releases/by-hand
install -m 640 -g buildbot "$here/site.json" /opt/buildbot/shared/site.json
mkdir "$release"
tar -x -z -f "$here/release.tar.gz" -C "$release" --no-same-owner --strip-components=1
ln -s ../../shared/site.json "$release/site.json"
python3 -m compileall -q "$release/lib" "$release/www"
ln -s releases/by-hand /opt/buildbot/current
master() { runuser -u buildbot -- /opt/buildbot/current/bin/buildbot "$@"; }
master upgrade-master -q /var/lib/buildbot
master start /var/lib/buildbot
sh "$here/worker.sh" "$2:9989" worker1 'change me'
runuser -u buildbot -- python3 "$here/history.py" build "$1"
