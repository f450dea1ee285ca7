# shellcheck shell=sh
# Facts about a host: one read-only round trip, nothing written, no root. Prints name TAB value.
# The calls that follow name what to look at; every one may find nothing.
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Most values are one line as they are, and then no process is made for them: there are many facts.
fact() {
  case $2 in
    *[![:print:]]*) printf '%s\t%s\n' "$1" "$(printf '%s' "$2" | tr '\t\n\r' '   ')" ;;
    *) printf '%s\t%s\n' "$1" "$2" ;;
  esac
}
encoded() { base64 <"$1" | tr -d '\n'; }
# fact_if NAME COMMAND…: yes or no. What the shell itself can tell needs no process.
fact_if() {
  name=$1 answer=no
  shift
  case $1 in
    test | command) ! "$@" >/dev/null 2>&1 || answer=yes ;;
    *) ! ("$@") >/dev/null 2>&1 || answer=yes ;;
  esac
  fact "$name" "$answer"
}

fact_host() {
  fact user "$(id -un)"
  fact uid "$(id -u)"
  fact host "$(uname -n)"
  fact machine "$(cat /etc/machine-id 2>/dev/null)"
  fact boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
  fact path "$PATH"
  fact addresses "$(hostname -I 2>/dev/null)"
  fact_if systemd test -d /run/systemd/system
  fact_if kill-user-processes kills_user_processes
}

# Whether logind ends what we leave at logout. Lingering does not change that: it keeps only the
# user's own systemd, and what that runs.
kills_user_processes() {
  answer=$(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
    org.freedesktop.login1.Manager KillUserProcesses KillExcludeUsers) || return
  case $answer in *'b true'*) ;; *) return 1 ;; esac
  case $answer in *"\"$(id -un)\""*) return 1 ;; esac
}

# Versions matter: the program needs GNU cp, mv -T, find -printf, sync FILE, flock, timeout.
fact_tools() {
  for tool in "$@"; do fact_if "tool.$tool" command -v "$tool"; done
  fact tool.gnu-cp "$(cp --help 2>/dev/null | grep -c -e --reflink)"
  fact tool.gnu-mv "$(mv --help 2>/dev/null | grep -c -e no-target-directory)"
  fact_if tool.gnu-find find / -maxdepth 0 -printf '%T@'
}

fact_records() {
  state=missing
  [ ! -e "$1" ] || state=unwritable
  # What another user left in it is as good as a directory of theirs.
  [ ! -w "$1" ] || [ -n "$(find "$1" -maxdepth 1 ! -type l ! -writable)" ] || state=writable
  if [ ! -e "$1" ]; then
    parent=$(dirname -- "$1")
    while [ ! -e "$parent" ]; do parent=$(dirname -- "$parent"); done
    [ ! -w "$parent" ] || state=creatable
  fi
  fact records "$state"
  [ -e "$1" ] || return
  lock=free
  # 1 says that somebody holds it; a host without flock is told so by its tools.
  if [ -e "$1/lock" ] && [ -w "$1/lock" ]; then
    flock -n "$1/lock" true 2>/dev/null
    [ $? != 1 ] || lock=held
  fi
  fact lock "$lock"
  [ ! -r "$1/lock.owner" ] || fact lock-owner "$(encoded "$1/lock.owner")"
  if [ -s "$1/unfinished" ]; then
    run=$(cat "$1/unfinished")
    fact unfinished "$run"
    fact unfinished-journal "$(encoded "$1/runs/$run/journal")"
  fi
  [ ! -r "$1/installed.json" ] || fact installed "$(encoded "$1/installed.json")"
  [ ! -r "$1/installed.json" ] ||
    fact installed-sha256 "$(sha256sum <"$1/installed.json" | cut -d' ' -f1)"
  for entry in "$1"/history/*.json; do
    [ -r "$entry" ] || continue
    fact history "$(encoded "$entry")"
    release=$(sed -n 's/.*"release":"\([^"]*\)".*/\1/p' "$entry")
    [ -z "$release" ] || [ -d "$release" ] || fact gone "$release"
  done
  for entry in "$1"/rescues/*; do
    [ ! -r "$entry" ] || fact "rescue.${entry##*/}" "$(encoded "$entry")"
  done
  for entry in "$1"/failed/*; do
    [ -d "$entry" ] || continue
    fact failed "${entry##*/}"
    fact failed-text "$(tail -n 1 -- "$entry/reason" 2>/dev/null)"
  done
  gate=missing
  if [ -L "$1/gate" ]; then if [ -e "$1/gate" ]; then gate=open; else gate=closed; fi; fi
  fact gate "$gate"
}

# fact_units APPLICATION RECORDS UNIT…
fact_units() {
  application=$1 records=$2
  shift 2
  loader=seatrial-$application.service
  [ -d /run/systemd/system ] || return
  fact_if boot-unit boots "$loader" "$records"
  fact_if expiry-timer expires "seatrial-expire-$application" "$records"
  fact_if may-launch may systemctl start --no-block "$loader"
  for unit in "$@"; do
    fact_unit "$unit" "$records/gate"
    case $unit in *.timer | *.path) ;; *) continue ;; esac
    triggers=$(property Triggers "$unit")
    fact "unit.$unit.triggers" "$triggers"
    for triggered in $triggers; do fact_unit "$triggered" "$records/gate"; done
  done
}

fact_unit() {
  fact "unit.$1.load" "$(property LoadState "$1")"
  fact "unit.$1.active" "$(property ActiveState "$1")"
  fact_if "unit.$1.guarded" guarded "$1" "$2"
  fact_if "unit.$1.may-stop" may systemctl stop -- "$1"
  fact_if "unit.$1.may-start" may systemctl start -- "$1"
}

# One that was made for another login or another place could not finish what we leave.
boots() {
  systemctl is-enabled -- "$1" && [ "$(property User "$1")" = "$(id -un)" ] &&
    [ "$(property WorkingDirectory "$1")" = "$2" ]
}

# expires NAME RECORDS: the timer is at work, and its program is that of these copies.
expires() {
  systemctl is-active -- "$1.timer" && [ "$(property User "$1.service")" = "$(id -un)" ] &&
    [ "$(property WorkingDirectory "$1.service")" = "$2" ]
}

property() { systemctl show -p "$1" --value -- "$2"; }

may() { if [ "$(id -u)" = 0 ]; then true; else sudo -n -l "$@"; fi; }
# In a file, and in force.
guarded() {
  [ "$(property NeedDaemonReload "$1")" = no ] &&
    systemctl cat -- "$1" 2>/dev/null | grep -q -x -F -e "ConditionPathExists=$2"
}

# fact_accounts NAME…: users that commands are run as.
fact_accounts() {
  for account in "$@"; do
    fact_if "account.$account.exists" id -u -- "$account"
    fact_if "account.$account.usable" may_be "$account"
  done
}

may_be() { [ "$(id -u)" = 0 ] || [ "$(id -un)" = "$1" ] || sudo -n -l -u "$1" env; }

# fact_path PATH: what it is, on which file system, who may rename it; sizes on demand.
fact_path() {
  type='missing'
  if [ -L "$1" ]; then type='link'
  elif [ -d "$1" ]; then type='directory'
  elif [ -f "$1" ]; then type='file'
  elif [ -e "$1" ]; then type='other'; fi
  fact "path.$1.type" "$type"
  [ "$type" != link ] || fact "path.$1.target" "$(readlink -- "$1")"
  fact_if "path.$1.hidden" test -e "$1.closed" -o -L "$1.closed"
  parent=${1%/*}
  parent=${parent:-/}
  fact_if "path.$1.parent-writable" test -w "$parent"
  fact_if "path.$1.readable" test -r "$1"
  fact_if "path.$1.writable" test -w "$1"
  while [ ! -e "$parent" ]; do parent=$(dirname -- "$parent"); done
  fact "path.$1.parent-device" "$(stat -c %d -- "$parent")"
  fact "path.$1.free" "$(free_bytes "$parent")"
  fact "path.$1.real" "$(readlink -f -- "$1")"
  fact_if "path.$1.exists" test -e "$1"
  fact_if "path.$1.mount-point" mount_point "$1"
}

# By the kernel's list, not by comparing devices: on an overlay (a container's root) a file has
# another device than its directory, and a subvolume of btrfs can be renamed all the same.
mount_point() {
  directory=$(readlink -f -- "${1%/*}/") || return
  written=${directory%/}/${1##*/}
  case $written in
    *[\\\ ]*) written=$(printf '%s' "$written" | sed 's/\\/\\134/g; s/ /\\040/g') ;;
  esac
  case $newline$mounts$newline in *"$newline$written$newline"*) return 0 ;; esac
  return 1
}
newline='
'
mounts=$(cut -d' ' -f5 /proc/self/mountinfo)

free_bytes() {
  lines=$(df -P -k -- "$1")
  # shellcheck disable=SC2086 # words, split on purpose
  set -- ${lines##*"$newline"}
  printf '%s' "$((${4:-0} * 1024))"
}

# fact_size PATH: bytes on disk and entries; how many of them another user owns, or a group that we
# are not in; how many of them cannot be read; what is mounted inside.
fact_size() {
  [ -e "$1" ] || return
  inside=$(readlink -f -- "$1" | sed 's/\\/\\134/g; s/ /\\040/g')/
  fact "path.$1.mounts-inside" "$(INSIDE=$inside \
    awk 'index($5, ENVIRON["INSIDE"]) == 1 { print $5 }' /proc/self/mountinfo)"
  fact "path.$1.bytes" "$(du -s -k -- "$1" | awk '{ printf "%.0f", $1 * 1024 }')"
  fact "path.$1.files" "$(find "$1" | wc -l)"
  [ "$(id -u)" != 0 ] || return 0
  fact "path.$1.unreadable" "$(find "$1" ! -type l ! -readable 2>/dev/null | wc -l)"
  others=$(for group in $(id -G); do printf ' ! -gid %s' "$group"; done)
  # shellcheck disable=SC2086 # tests of find, split on purpose
  fact "path.$1.foreign" \
    "$(find "$1" \( ! -user "$(id -u)" -o $others \) 2>/dev/null | wc -l)"
}

may_signal() { kill -s 0 "$1" || { [ "$(id -u)" != 0 ] && sudo -n kill -s 0 "$1"; }; }

# wrote PID FILE: a process that is younger than the file is another one with the same number.
wrote() {
  ticks=$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)
  boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
  [ "$((boot + ticks / $(getconf CLK_TCK)))" -le "$(($(stat -c %Y -- "$2") + 10))" ]
}

# fact_side PATH APPLICATION: the directory beside it that rescue copies are put in.
fact_side() {
  side=$(dirname -- "$1")/.seatrial-$2
  if [ -e "$side" ] || [ -L "$side" ]; then
    fact_if "path.$1.side-usable" usable_side "$side"
  fi
}

usable_side() { [ -d "$1" ] && [ ! -L "$1" ] && [ -w "$1" ] && [ -x "$1" ]; }

# fact_pidfile PATH: the last line of the file may have no end; then read fails, and has read.
fact_pidfile() {
  pid=
  [ ! -s "$1" ] || read -r pid <"$1" || :
  if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then
    fact "pidfile.$1" "$pid"
    ! wrote "$pid" "$1" || fact_if "stoppable.$1" may_signal "$pid"
  else
    fact "pidfile.$1" none
  fi
}

# fact_state KIND SPEC LABEL: what the kind can tell of it, if anything. A probe that fails loses
# its own facts only, and reads nothing of this program.
fact_state() {
  ! command -v "probe_$1" >/dev/null || ("probe_$1" "$2" "$3") </dev/null
}

# Verbs of the kinds say by this what stopped them.
fail() {
  printf 'failed: %s\n' "$*" >&2
  return 1
}
