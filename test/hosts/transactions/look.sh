# shellcheck shell=sh
# What a host with minibot is like now, as name TAB value. Runs as root, changes nothing.
home=/srv/minibot
records=/var/lib/seatrial/minibot
told() { printf '%s\t%s\n' "$1" "$2"; }
page() { curl -fsS --noproxy '*' --max-time 5 "http://127.0.0.1:$1/" 2>/dev/null || echo nothing; }
# Whether any process has the file locked.
locked() {
  if [ ! -e "$records/$1" ] || flock -n "$records/$1" true; then echo free; else echo held; fi
}
is() { if test "$@"; then echo yes; else echo no; fi; }
daemons() {
  # shellcheck disable=SC2013 # names of files in /proc: no spaces
  for file in $(grep -alE -- '/twistd3?.-f' /proc/[0-9]*/cmdline 2>/dev/null); do
    file=${file%/cmdline}
    printf '%s ' "${file#/proc/}"
  done
}
# Processes that have a file of ours open, as name:file.
holders() {
  for link in /proc/[0-9]*/fd/*; do
    target=$(readlink "$link" 2>/dev/null) || continue
    case $target in
    "$records"/lock | "$records"/work | "$records"/runs/*)
      process=${link#/proc/}
      # One that ended meanwhile has nothing open.
      program=$(cat "/proc/${process%%/*}/comm" 2>/dev/null) || continue
      printf '%s:%s ' "$program" "${target#"$records"/}"
      ;;
    esac
  done
}
told serves "$(page 18300)"
told private "$(page 18301)"
told daemons "$(daemons)"
told state "$(sha256sum <"$home/run/minibot-shutdown.tap" 2>/dev/null | cut -d' ' -f1)"
told names "$(cd "$home/run" && find . -type f ! -name twistd.pid | sort | tr '\n' ' ')"
told code "$(cd "$home/code" && find . -type f -exec sha256sum {} + | sort | sha256sum |
  cut -d' ' -f1)"
told release "$(cat "$home/code/VERSION")"
told entry "$(is -x "$home/minibot-start")"
told closed "$(is -e "$home/minibot-start.closed")"
told gate "$(readlink "$records/gate")"
told unfinished "$(cat "$records/unfinished" 2>/dev/null)"
told lock "$(locked lock)"
told work "$(locked work)"
told holders "$(holders)"
told installed "$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' "$records/installed.json" 2>/dev/null)"
told leftovers "$(find "$home"/.[!.]* "$records" -name "*.part*" -o -name "new-*" 2>/dev/null |
  tr '\n' ' ')"
