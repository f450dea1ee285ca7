# shellcheck shell=sh disable=SC2034,SC2154 # the verbs of the kinds use them
# Around the verbs of a copy, on either host: how they say why, where scratch lies, politeness.
# core.sh, commands.sh, state.sh, base.sh and the kind come before; APP, BASE and RUN are set.

umask 022
export LC_ALL=C
COPY=$BASE/copy

fail() { printf '%s\n' "failed: $*" >&2; return 1; }
say() { printf '%s\n' "$*" >&2; }

# Production is used by people while it is read.
be_nice() {
  renice -n 10 -p $$ >/dev/null 2>&1
  ionice -c 2 -n 7 -p $$ 2>/dev/null
  :
}

# make_scratch: where most is free. It goes with this process; what a killed one left goes now.
make_scratch() {
  SCRATCH=
  most=-1
  for parent in "${TMPDIR:-/var/tmp}" /var/tmp /tmp; do
    if [ ! -d "$parent" ] || [ ! -w "$parent" ]; then continue; fi
    sweep_scratch "$parent"
    free=$(df -P -k -- "$parent" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 }')
    [ "${free:-0}" -gt "$most" ] || continue
    most=$free scratch_parent=$parent
  done
  [ "$most" -ge 0 ] || fail 'there is no directory for temporary files' || return
  SCRATCH=$(mktemp -d "$scratch_parent/seatrial-$APP-copy-$$-XXXXXX") ||
    fail "no temporary directory could be made in $scratch_parent" || return
  RUN_DIR=$SCRATCH
  trap 'rm -rf -- "$SCRATCH"' EXIT
  trap 'exit 143' HUP INT TERM PIPE
}

# The number in its name is the process that it belongs to.
sweep_scratch() {
  for left in "$1/seatrial-$APP-copy-"*; do
    if [ ! -d "$left" ] || [ ! -O "$left" ]; then continue; fi
    owner=${left##*-copy-}
    owner=${owner%%-*}
    ! grep -q -s -e seatrial-copy "/proc/$owner/cmdline" || continue
    rm -rf -- "$left"
  done
}

# read_from WAY COMMAND…: on production.
read_from() {
  be_nice
  make_scratch || return
  COPY_FROM=$1
  shift
  "$@"
}

# write_to COMMAND…: on staging, where one copy is written at a time.
write_to() {
  (umask 077 && mkdir -p -- "$COPY") || fail "$COPY cannot be made" || return
  take_copy_lock && make_scratch || return
  "$@"
}

# What an earlier try of the same run has left is waiting for a connection that is dead. Another
# run may be alive: a restore can work for long without a sign.
take_copy_lock() {
  exec 7>>"$COPY/lock" || return
  if ! flock -w 2 7; then
    holders=$(openers "$COPY/lock" | grep -v -x -e "$$" | tr '\n' ' ')
    [ "$(cat "$COPY/lock.run" 2>/dev/null)" = "$RUN" ] || flock -w 10 7 ||
      fail "another copy is being written here, by process ${holders}of run \
$(cat "$COPY/lock.run"): wait for its end, or end it" || return
    # shellcheck disable=SC2086 # process ids, split on purpose
    kill -s TERM $holders 2>/dev/null
    flock -w 10 7 || fail "processes of an earlier try do not end: $holders" || return
  fi
  printf '%s\n' "$RUN" >"$COPY/lock.run"
}

# backup USER|- SECONDS TEXT: a command of the user's prints the stream. Its errors are told.
print_backup() {
  as_user "$1" "$2" / - "$3" || fail "the backup command $(told $?)"
}

# probe_all KIND SPEC LABEL…
probe_all() {
  while [ $# -ge 3 ]; do
    if command -v "probe_$1" >/dev/null; then "probe_$1" "$2" "$3"; fi
    shift 3
  done
}

# read_copies, write_copies: the list of what lies here; whole, or as it was.
read_copies() { cat -- "$COPY/copies.json" 2>/dev/null || :; }

write_copies() {
  cat >"$COPY/copies.json.part" && flush "$COPY/copies.json.part" &&
    mv -f -T -- "$COPY/copies.json.part" "$COPY/copies.json" && flush "$COPY" ||
    fail "$COPY/copies.json could not be written" || return
}

# keep_and_record KIND SPEC LABEL: the list comes on standard input. A host that dies in between has
# a copy that is newer than the list says.
keep_and_record() { "keep_$1" "$2" "$3" && write_copies; }

# discard_all KIND SPEC LABEL…
discard_all() {
  while [ $# -ge 3 ]; do
    "discard_$1" "$2" "$3" || return
    shift 3
  done
}

# give_up KIND SPEC LABEL: a copy that was not masked is nowhere, and not on the list.
give_up() { "discard_$1" "$2" "$3" && write_copies; }

# send_direct DESTINATION PORT|- RATE|- FAR WAY COMMAND…: production's own ssh carries it, by a key
# and a known host that lie there. Both must end well.
send_direct() {
  destination=$1 port=$2 rate=$3 far=$4 COPY_FROM=$5
  shift 5
  be_nice
  make_scratch || return
  { "$@" || : >"$SCRATCH/direct-failed"; } | limited "$rate" |
    direct_ssh "$destination" "$port" "$far"
  status=$?
  [ ! -e "$SCRATCH/direct-failed" ] && return "$status"
}

limited() { if [ "$1" = - ]; then cat; else pv --quiet --rate-limit "$1"; fi; }

direct_ssh() {
  [ "$2" != - ] || set -- "$1" 22 "$3"
  ssh -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 \
    -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -p "$2" -- "$1" "$3"
}

# probe_direct DESTINATION PORT|- RATE|-: all that is missing, a line each.
probe_direct() {
  command -v ssh >/dev/null || { printf 'ssh is not installed on production\n'; return 0; }
  [ "$3" = - ] || command -v pv >/dev/null ||
    printf 'copy.rate needs pv on production for the direct route: apt-get install pv\n'
  said=$(direct_ssh "$1" "$2" true 2>&1 </dev/null) ||
    printf '%s\n' "$(uname -n) cannot log in to $1 as $(id -un): $said" | head -n 3
}

# keep_until SECONDS…: copies expire in so many. The timer that doctor installs runs the program,
# which looks at the clock itself. Where there is none, who is root where systemd is makes one that
# lasts until a reboot; else the next command that comes here does it. Prints what a person needs.
keep_until() {
  # Flushed as the copies are: after a power cut it must be there as well.
  cat >"$COPY/expire.sh.part" && flush "$COPY/expire.sh.part" &&
    mv -f -- "$COPY/expire.sh.part" "$COPY/expire.sh" && flush "$COPY" || return
  [ -d /run/systemd/system ] || return 0
  timer=seatrial-expire-$APP.timer
  if [ -e "/etc/systemd/system/$timer" ]; then
    systemctl is-active --quiet -- "$timer" ||
      printf '%s does not run on %s: the copies go at the next contact\n' "$timer" "$(uname -n)"
    return 0
  fi
  [ "$(id -u)" = 0 ] || return 0
  systemctl stop -- "$timer" 2>/dev/null
  for seconds in "$@"; do set -- "$@" "--timer-property=OnActiveSec=$seconds"; shift; done
  # Else it may come a minute late.
  systemd-run --quiet --collect --unit="seatrial-expire-$APP" \
    --timer-property=AccuracySec=1s "$@" /bin/sh "$COPY/expire.sh" ||
    printf 'no timer could be made on %s: the copies go at the next contact\n' "$(uname -n)"
}

# when_due EPOCH COMMAND…: before that it touches nothing, and waits for nobody.
when_due() {
  [ "$(date +%s)" -ge "$1" ] || return 0
  shift
  "$@"
}

# expire_at EPOCH KIND SPEC LABEL
expire_at() { [ "$(date +%s)" -lt "$1" ] || "discard_$2" "$3" "$4"; }

# ended_at EPOCH: with the last copy the program that removes them has nothing left to do.
ended_at() { [ "$(date +%s)" -lt "$1" ] || rm -f -- "$COPY/expire.sh"; }

# forget_all_at EPOCH FUNCTION: nothing of production stays. Not while a rehearsal is at work, or
# has died in it: then something of the copy may run, and the next contact ends that first.
forget_all_at() {
  [ "$(date +%s)" -ge "$1" ] || return 0
  [ ! -s "$BASE/unfinished" ] || { say "run $(cat "$BASE/unfinished") is not finished"; return 1; }
  exec 9>>"$BASE/lock" && flock -n 9 || fail 'a rehearsal is at work' || return
  forget_kept && "$2"
}

# kept_all KIND SPEC LABEL…: yes or no, a line each; of what is no file it cannot be told here.
kept_all() {
  while [ $# -ge 3 ]; do
    # A kind that finds no pristine place says so, and there is none.
    where=$("place_$1" "$2" "$3" pristine 2>/dev/null) || where=
    case $where in
      '') echo no ;;
      /*) if [ -e "$where" ]; then echo yes; else echo no; fi ;;
      *) echo yes ;;
    esac
    shift 3
  done
}
