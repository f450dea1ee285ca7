#!/bin/sh
# setup.sh BUILDS [HOME]: installs release 1 of minibot as it is on a host that has been in use:
# code, entry script, run directory, and BUILDS builds recorded through HTTP. HOME is /srv/minibot
# unless given, and must not exist. Leaves the daemon running, its history saved by one stop and
# start.
set -eu
[ $# -ge 1 ] || { echo "usage: setup.sh BUILDS [HOME]" >&2; exit 2; }
builds=$1
home=${2:-/srv/minibot}
port=${MINIBOT_PORT:-18300}
here=$(cd -- "$(dirname -- "$0")" && pwd)
[ ! -e "$home" ] || { echo "setup.sh: $home exists" >&2; exit 1; }

mkdir -p -- "$home/run"
sh "$here/make.sh" 1 "$home/made"
mv -- "$home/made/minibot" "$home/code"
rmdir -- "$home/made"
sed "s|^home=/srv/minibot\$|home=$home|" "$here/minibot-start" >"$home/minibot-start"
chmod 755 "$home/minibot-start"
(cd "$home/run" && PYTHONPATH=$home/code PYTHONDONTWRITEBYTECODE=1 \
  /usr/bin/python3 -c 'import minibot; minibot.create()')
if [ "$(id -u)" = 0 ] && id minibot >/dev/null 2>&1; then chown -R minibot: "$home/run"; fi

"$home/minibot-start"
count=0
while [ "$count" -lt "$builds" ]; do
  curl -fsS -o /dev/null --noproxy '*' --max-time 10 -d '' "http://127.0.0.1:$port/builds"
  count=$((count + 1))
done
pid=$(cat "$home/run/twistd.pid")
kill "$pid"
tries=300
while [ -e "/proc/$pid/cwd" ] && [ "$tries" -gt 0 ]; do
  sleep 0.1
  tries=$((tries - 1))
done
"$home/minibot-start"
