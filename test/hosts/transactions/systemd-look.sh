# shellcheck shell=sh
# What a host with the guestbook is like now, as name TAB value. Runs as root, changes nothing.
records=/var/lib/seatrial/guestbook
data=/srv/guestbook/shared/data
run=/srv/guestbook/shared/run
told() { printf '%s\t%s\n' "$1" "$2"; }
page() { curl -fsS --noproxy '*' --max-time 5 "http://127.0.0.1:$1/health" 2>/dev/null || echo no; }
is() { if test "$@"; then echo yes; else echo no; fi; }
free() { if [ ! -e "$1" ] || flock -n "$1" true; then echo free; else echo held; fi; }
# Read only, and without locks: nobody writes while a test looks.
query() { sqlite3 "file:$data/guestbook.sqlite?mode=ro&immutable=1" "$1" 2>/dev/null || echo none; }
told serves "$(page 8080)"
told private "$(page 18080)"
told entries "$(query 'select id, name, message, upload from entries order by id' |
  sha256sum | cut -d' ' -f1)"
told schema "$(query 'pragma user_version')"
told uploads "$(cd "$data/uploads" 2>/dev/null && find . -type f -exec sha256sum {} + | sort |
  sha256sum | cut -d' ' -f1)"
told owners "$(find "$data" -name '.seatrial-*' -prune -o -printf '%u\n' | sort -u |
  tr '\n' ' ')"
told current "$(readlink /srv/guestbook/current | sed 's/.*releases.//; s/-.*//')"
told installed "$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' "$records/installed.json" 2>/dev/null)"
told gate "$(readlink "$records/gate")"
told open "$(is -e /run/seatrial/guestbook/open)"
told setting "$(cat /run/seatrial/guestbook/private.env 2>/dev/null)"
told unfinished "$(cat "$records/unfinished" 2>/dev/null)"
told lock "$(free "$records/lock")"
told work "$(free "$records/work")"
told app "$(systemctl is-active guestbook.service)"
told worker "$(systemctl is-active guestbook-worker.service)"
told timer "$(systemctl is-active guestbook-mail.timer)"
told loader "$(systemctl is-active seatrial-guestbook.service)"
# The worker writes down the port that each start gave it.
told port "$(tail -n 1 "$run/worker.log" 2>/dev/null)"
told half "$(find /srv/guestbook "$records" -name '*.part*' -o -name '*.new-*' | tr '\n' ' ')"
