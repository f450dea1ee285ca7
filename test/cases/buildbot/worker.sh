#!/bin/sh
# worker.sh HOST:PORT NAME PASSWORD: a worker that is started anew when it does not find its master
# for some seconds, as a unit with `Restart=always` would do: by itself it waits longer each time.
set -eu
cd /home/worker
runuser -u worker -- buildbot-worker create-worker --maxretries=3 worker "$1" "$2" "$3" >/dev/null
# shellcheck disable=SC2016 # expands in the shell of the worker's user
setsid runuser -u worker -- sh -c 'while :; do
  buildbot-worker start --nodaemon worker
  sleep 1
done' </dev/null >/dev/null 2>&1 &
