# shellcheck shell=sh
# What doctor asks beside the facts of a plan: the clock, what failures have left, and whether sudo
# lets the login run each command that it will need. Reads only.
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# fact_clock: seconds since 1970, and whether something keeps the clock right.
fact_clock() {
  printf 'now\t%s\n' "$(date +%s)"
  answer=$(timedatectl show --property NTPSynchronized --value 2>/dev/null) || answer=
  if [ -z "$answer" ] && command -v chronyc >/dev/null; then
    answer=no
    ! chronyc -n tracking 2>/dev/null | grep -q '^Leap status *: Normal' || answer=yes
  fi
  printf 'clock-kept\t%s\n' "${answer:-unknown}"
}

# fact_left RECORDS: bytes of failed bundles, and what is free beside them.
fact_left() {
  [ -d "$1" ] || return
  [ ! -d "$1/failed" ] || printf 'failed-bytes\t%s\n' \
    "$(du -s -k -- "$1/failed" 2>/dev/null | awk '{ printf "%.0f", $1 * 1024 }')"
  printf 'free-bytes\t%s\n' "$(df -P -k -- "$1" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
}

# fact_sudo NUMBER COMMAND…: asks only; nothing is run.
fact_sudo() {
  number=$1 answer=no
  shift
  ! sudo -n -l "$@" >/dev/null 2>&1 || answer=yes
  printf 'sudo\t%s\t%s\n' "$number" "$answer"
}
