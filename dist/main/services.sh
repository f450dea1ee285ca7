# shellcheck shell=sh disable=SC2034 # other parts use them
# Verbs on services. Stopping never kills by force what may be saving its state; only what a failed
# release left running is killed, since its state is put aside anyway.

PROCESS_WAIT_SECONDS_MAX=15
CLOCK_TICKS=$(getconf CLK_TCK)

# The gate is a condition of every unit of ours: a link that resolves, or not. In the window it
# points into /run, where only this transaction makes the target, and a reboot removes it.
close_gate() { set_gate "$RUN_STATE/open" || fail "$BASE/gate could not be closed"; }
open_gate() { set_gate . || fail "$BASE/gate could not be opened"; }

set_gate() {
  ln -s -f -n -- "$1" "$BASE/gate.new" && mv -f -T -- "$BASE/gate.new" "$BASE/gate" &&
    flush "$BASE"
}

# note_active LABEL COMMAND…: what ran before the window, known to undo also after a reboot.
note_active() {
  label=$1
  shift
  [ ! -e "$RUN_DIR/active-$label" ] || return 0
  "$@"
  # 2: it could not be told. Then nothing is known, and nothing may be built on it.
  case $? in 0) answer=yes ;; 2) return 1 ;; *) answer=no ;; esac
  durable "$RUN_DIR/active-$label" "$answer"
}

was_active() { [ "$(cat "$RUN_DIR/active-$1" 2>/dev/null)" = yes ]; }

unit_active() { systemctl is-active --quiet -- "$1"; }

# stop_unit UNIT LABEL: a unit that had to be killed may not have saved its state.
stop_unit() {
  note_active "$2" unit_active "$1" || return
  $SUDO systemctl stop -- "$1" || fail "$1 could not be stopped" || return
  ! unit_active "$1" || fail "$1 is active after systemctl stop" || return
  was_active "$2" || return 0
  case $(systemctl show -p Result --value -- "$1") in
    timeout | signal | core-dump | watchdog)
      fail "$1 did not stop by itself and was killed: its state may not be saved"
      ;;
  esac
}

# stop_trigger UNIT LABEL: a timer, and then what it started, which is given time to end.
stop_trigger() {
  stop_unit "$1" "$2" || return
  for triggered in $(systemctl show -p Triggers --value -- "$1"); do
    tenths=$((PROCESS_WAIT_SECONDS_MAX * 10))
    while unit_busy "$triggered" && [ "$tenths" -gt 0 ]; do
      sleep 0.1
      tenths=$((tenths - 1))
    done
    $SUDO systemctl stop -- "$triggered" || fail "$triggered could not be stopped" || return
  done
}

unit_busy() { case $(systemctl is-active -- "$1") in active | activating) ;; *) return 1 ;; esac; }

halt_unit() {
  rm -f -- "$RUN_STATE/open"
  $SUDO systemctl stop -- "$1" || fail "$1 could not be stopped"
  # shellcheck disable=SC2086 # SUDO is empty or two words
  $SUDO systemctl reset-failed -- "$1" 2>/dev/null || true
}

# start_unit UNIT [NAME=VALUE]: through the closed gate, by a file that does not survive a reboot.
start_unit() {
  before_start || return
  mkdir -p -- "$RUN_STATE" || fail "$RUN_STATE could not be made" || return
  if [ -n "${2:-}" ]; then
    printf '%s\n' "$2" >"$RUN_STATE/private.env" || return
  else
    rm -f -- "$RUN_STATE/private.env"
  fi
  : >"$RUN_STATE/open" || return
  $SUDO systemctl start -- "$1"
  status=$?
  rm -f -- "$RUN_STATE/open"
  [ "$status" = 0 ] && unit_active "$1" && return
  systemctl status --no-pager --lines=20 -- "$1"
  fail "$1 did not start: $(systemctl show -p ActiveState,SubState,Result --value -- "$1" |
    tr '\n' ' ')"
}

restart_unit_if_was_active() { ! was_active "$2" || unit_active "$1" || start_unit "$1"; }

# ensure_unit UNIT: at admission; a reboot after the commit leaves it stopped.
ensure_unit() { unit_active "$1" || start_unit "$1"; }

# republish_unit UNIT LABEL: from the private address to the public one; at most once, since
# recovery repeats admission.
republish_unit() {
  if [ ! -e "$RUN_DIR/public-$2" ]; then
    halt_unit "$1" && durable "$RUN_DIR/public-$2" yes || return
  fi
  ensure_unit "$1"
}

# live_pid PIDFILE: the process that the file names, unless it is younger than the file.
# Where the last line has no end (as twistd writes it), read fails, and has read all the same.
live_pid() {
  pid=
  [ ! -s "$1" ] || read -r pid <"$1" || :
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
  # The name stands first, in brackets, and may hold anything.
  # shellcheck disable=SC2086 # words, split on purpose
  set -- "$1" ${stat##*) }
  # Dead, but nobody has waited for it: where init does not, it stays so.
  case ${2:-} in '' | [ZX]) return 1 ;; esac
  boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
  started=$((boot + ${21} / CLOCK_TICKS))
  [ "$started" -le "$(($(stat -c %Y -- "$1") + 10))" ] || return 1
  printf '%s\n' "$pid"
}

pidfile_active() { live_pid "$1" >/dev/null; }

send() { kill -s "$1" "$2" 2>/dev/null || $SUDO kill -s "$1" "$2" 2>/dev/null; }

# ended PID SECONDS
ended() {
  looks=$(($2 * 50))
  while [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; do
    [ "$looks" -gt 0 ] || return 1
    sleep 0.02
    looks=$((looks - 1))
  done
}

# stop_pidfile PIDFILE LABEL SIGNAL SECONDS
stop_pidfile() {
  note_active "$2" pidfile_active "$1" || return
  if ! pid=$(live_pid "$1"); then rm -f -- "$1"; return; fi
  durable "$RUN_DIR/stopping-$2" "$pid $4 $3" || return
  if ! send "$3" "$pid"; then
    rm -f -- "$RUN_DIR/stopping-$2"
    fail "process $pid could not be sent SIG$3"
    return
  fi
  printf 'sent\n' >>"$RUN_DIR/stopping-$2"
  ended "$pid" "$4" ||
    fail "process $pid still runs $4 s after SIG$3; it was not killed, it may be saving its state"
}

halt_pidfile() {
  pid=$(live_pid "$1") || { rm -f -- "$1"; return 0; }
  send "$2" "$pid"
  ended "$pid" "$PROCESS_WAIT_SECONDS_MAX" || { send KILL "$pid"; ended "$pid" 5; } ||
    fail "process $pid of the failed release does not end" || return
  rm -f -- "$1"
}

# start_command USER SECONDS NAME=VALUE|- TEXT [PIDFILE]: a daemon must not inherit our locks.
# The command itself outlives a step that is killed, and holds a lock as long: see settle_start.
# Where the disk takes no file any more, it is started all the same.
start_command() {
  boot='' held=$RUN_DIR/starting
  read -r boot </proc/sys/kernel/random/boot_id
  (: >"$held") 2>/dev/null || held=/dev/null
  {
    printf '%s %s %s\n' "$boot" "$2" "${5:-}" >&7
    flock -n 7
    as_user "$1" "$2" / "$3" "exec 7>&-; $4" 8>&- 9>&-
    status=$?
  } 7>"$held"
  if [ "$status" != 0 ] || [ -z "${5:-}" ]; then start_is_settled; fi
  [ "$status" = 0 ] || fail "the start command $(told "$status")"
}

# Not where it runs on though its time is over: sudo made it another user's, whom we may not end.
start_is_settled() {
  ! flock -n "$RUN_DIR/starting" true || rm -f -- "$RUN_DIR/starting"
}

start_pidfile() {
  start_command "$2" "$3" "$4" "$5" "$1" || return
  await_pidfile "$1"
  status=$?
  start_is_settled
  [ "$status" = 0 ] || fail "the start command ended, but $1 names no living process"
}

await_pidfile() {
  tenths=100
  until pidfile_active "$1"; do
    [ "$tenths" -gt 0 ] || return
    sleep 0.1
    tenths=$((tenths - 1))
  done
}

# settle_start: where a step was killed while the application started. Before that has come to its
# end nobody can tell whether it runs: one would start a second, or put a state back below it.
settle_start() {
  [ -e "$RUN_DIR/starting" ] || return 0
  now='' boot='' seconds='' pidfile=''
  read -r now </proc/sys/kernel/random/boot_id
  read -r boot seconds pidfile <"$RUN_DIR/starting"
  if [ -z "$boot" ] || [ "$boot" = "$now" ]; then # Empty: on a full disk.
    say 'a step was killed while the application started: waiting for what its start comes to'
    flock -w "$((${seconds:-600} + 20))" 7 7>>"$RUN_DIR/starting" ||
      fail 'the start command of a step that was killed does not end' || return
    [ -z "$pidfile" ] || await_pidfile "$pidfile" || say "$pidfile names no living process"
  fi
  rm -f -- "$RUN_DIR/starting"
}

ensure_pidfile() { pidfile_active "$1" || start_pidfile "$@"; }

# A process that was told to stop ends sooner or later: it does not serve, though it still runs.
restart_pidfile_if_was_active() {
  label=$1
  shift
  was_active "$label" || return 0
  if [ -s "$RUN_DIR/stopping-$label" ]; then
    { read -r told patience signal; read -r sent; } <"$RUN_DIR/stopping-$label"
    [ "$(live_pid "$1")" != "$told" ] || ended "$told" "$patience" || told_at_last || return
    rm -f -- "$RUN_DIR/stopping-$label"
  fi
  ensure_pidfile "$@"
}

# Who was to tell it may have been killed just before. Only after its time: a second signal makes
# some programs drop what they save.
told_at_last() {
  if [ -z "$sent" ]; then
    say "process $told does not end: perhaps nobody has told it yet; telling it now"
    ! send "$signal" "$told" || printf 'sent\n' >>"$RUN_DIR/stopping-$label"
    ! ended "$told" "$patience" || return 0
  fi
  fail "process $told was told to stop, and has not ended yet"
}

# republish_pidfile LABEL PIDFILE SIGNAL USER SECONDS NAME=VALUE TEXT
republish_pidfile() {
  if [ ! -e "$RUN_DIR/public-$1" ]; then
    halt_gently "$2" "$3" "$5" && durable "$RUN_DIR/public-$1" yes || return
  fi
  ensure_pidfile "$2" "$4" "$5" "$6" "$7"
}

halt_gently() {
  ! pid=$(live_pid "$1") || { send "$2" "$pid"; ended "$pid" "$3"; } ||
    fail "process $pid does not end on SIG$2"
}

# running_command USER SECONDS TEXT: 0 it runs, 1 or 3 it does not (as systemctl and LSB say).
running_command() {
  as_user "$1" "$2" / - "$3"
  case $? in
    0) return 0 ;;
    1 | 3) return 1 ;;
    *) fail 'the command that tells whether the service runs could not tell'; return 2 ;;
  esac
}

# stop_by_command LABEL USER SECONDS STOP RUNNING
stop_by_command() {
  note_active "$1" running_command "$2" "$3" "$5" || return
  as_user "$2" "$3" / - "$4" || fail "the stop command $(told $?)" || return
  running_command "$2" "$3" "$5"
  [ $? = 1 ] || fail 'the service still runs after its stop command'
}

halt_by_command() {
  as_user "$1" "$2" / - "$3" || fail "the stop command $(told $?)" || return
  running_command "$1" "$2" "$4"
  [ $? = 1 ] || fail 'the service still runs after its stop command'
}

# ensure_by_command USER SECONDS NAME=VALUE|- START RUNNING
ensure_by_command() {
  running_command "$1" "$2" "$5"
  case $? in 0) ;; 1) start_command "$1" "$2" "$3" "$4" ;; *) return 1 ;; esac
}

restart_by_command_if_was_active() {
  label=$1
  shift
  ! was_active "$label" || ensure_by_command "$@"
}

# republish_by_command LABEL USER SECONDS NAME=VALUE STOP START RUNNING
republish_by_command() {
  if [ ! -e "$RUN_DIR/public-$1" ]; then
    halt_by_command "$2" "$3" "$5" "$7" && durable "$RUN_DIR/public-$1" yes || return
  fi
  ensure_by_command "$2" "$3" "$4" "$6" "$7"
}

# with_entry PATH VERB…: `{entry}` is the entry where it is now, hidden or not.
with_entry() {
  ENTRY=$1
  [ ! -e "$1.closed" ] && [ ! -L "$1.closed" ] || ENTRY=$1.closed
  shift
  "$@"
}
