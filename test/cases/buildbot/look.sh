#!/bin/sh
# look.sh: lines of `name TAB value` of a production that a rehearsal must have left as it was: its
# files, its daemons, its history; not what it writes by itself all the time (logs, its own clock).
set -eu
tell() { printf '%s\t%s\n' "$1" "$(cat)"; }
tree() {
  find "$@" -xdev ! -name '*.log' ! -name 'state.sqlite*' ! -name lock.owner \
    -printf '%p %y %m %u %g %s %l\n' | sort
}

tree /opt/buildbot /var/lib/buildbot /var/lib/seatrial /etc/passwd /home/worker/worker |
  sha256sum | tell files
find /opt/buildbot /var/lib/buildbot /home/worker/worker -xdev -type f ! -name '*.log' \
  ! -name 'state.sqlite*' -exec sha256sum {} + | sort | sha256sum | tell contents
# shellcheck disable=SC2012 # names are ours
ls /tmp /var/tmp /dev/shm | tr '\n' ' ' | tell temporary
pgrep -d ' ' -u buildbot | tell master
pgrep -d ' ' -u worker | tell worker
sqlite3 -readonly /var/lib/buildbot/state.sqlite .dump | grep -v '^INSERT INTO masters' |
  sha256sum | tell history
grep -a -c -E 'Connected to|Scheduling retry|Lost connection' /home/worker/worker/twistd.log |
  tell connections
grep -c '^connection from' /home/worker/mail | tell mail
