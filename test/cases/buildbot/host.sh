#!/bin/sh
# host.sh: what the administrator has set up once on each host. Files beside it:
# buildbot.tac of the example.
set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd)
find /var/lib/buildbot -mindepth 1 -delete
install -d -m 750 -o buildbot -g buildbot /var/lib/buildbot
install -m 644 "$here/buildbot.tac" /var/lib/buildbot/buildbot.tac
install -d /opt/buildbot /opt/buildbot/releases /opt/buildbot/shared
useradd --create-home worker
