#!/bin/sh
# repair.sh LIB: mends Debian's Buildbot 4.2.1-1, which is unpacked in LIB. Its db/logs.py imports
# one name from buildbot.test whenever it reads a log, and the package ships no buildbot.test: every
# log is answered by "500", while start, upgrade and all lists look well.
set -eu
directory=$1/buildbot/test/fake
[ ! -e "$1/buildbot/test" ] || { echo "repair.sh: $1 needs no repair" >&2; exit 1; }
mkdir -p -- "$directory"
: >"$1/buildbot/test/__init__.py"
: >"$directory/__init__.py"
echo 'class NonThreadPool: pass' >"$directory/reactor.py"
