#!/bin/sh
# worker.sh HOST:PORT NAME PASSWORD: a worker that looks for its master every second or two.
set -eu
cd /home/worker
runuser -u worker -- buildbot-worker create-worker --maxdelay=1 worker "$1" "$2" "$3" >/dev/null
# Quiet: it does not wait for a master to be there.
runuser -u worker -- buildbot-worker start --quiet worker
