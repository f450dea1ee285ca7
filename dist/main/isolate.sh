# shellcheck shell=sh
# The copy cannot reach out: verbs of a rehearsal on staging. The rules are those of a root-owned
# program (src/plan/isolation), which `seatrial doctor --install --host staging` wrote there.
# From the first of these verbs on, nothing of the application is started and no command of the
# user is run unless the isolation is in force: also not by a recovery after a reboot, which makes
# and proves it anew (`confine` and `before_start` are called by as_user and by each start).

ISOLATION=/usr/local/sbin/seatrial-isolation-$APP
# Gone after a reboot: in /run, which units look at too; or, where an ordinary user cannot write
# there, under the name of this boot.
if [ -w "$RUN_STATE" ] || [ "$(id -u)" = 0 ]; then ISOLATED=$RUN_STATE/isolated
else ISOLATED=$BASE/isolated-$(cat /proc/sys/kernel/random/boot_id); fi
CONFINING=

# shellcheck disable=SC2086 # SUDO is empty or two words
isolation() { $SUDO "$ISOLATION" "$1"; }

# isolate_network TARGET…: `tcp HOST PORT`, which must be out of reach.
isolate_network() {
  printf '%s\n' "$@" >"$RUN_DIR/isolation-targets" || return
  will_isolate network && cut_off
}

# isolate_by_command USER SECONDS ON USER SECONDS PROVE: commands of the user.
isolate_by_command() {
  printf '%s %s\n%s\n' "$1" "$2" "$3" >"$RUN_DIR/isolation-on" &&
    printf '%s %s\n%s\n' "$4" "$5" "$6" >"$RUN_DIR/isolation-prove" || return
  will_isolate commands && cut_off
}

# isolate_not REASON: a person decided so; the record says it.
isolate_not() {
  say "the copy is not cut off: $1"
  printf 'none\t%s\n' "$1" >"$RUN_DIR/isolation-proof"
  will_isolate none && cut_off
}

# will_isolate KIND: on the disk before anything else. `copied` keeps the units from being started
# un-isolated for as long as there is a copy, whatever becomes of this run.
will_isolate() {
  rm -f -- "$ISOLATED" && durable "$BASE/copied" "$RUN" && durable "$RUN_DIR/isolation" "$1"
}

# cut_off: sets, proves, and says so last.
cut_off() {
  rm -f -- "$ISOLATED"
  read -r kind <"$RUN_DIR/isolation" || return
  CONFINING=yes
  case $kind in
    network) cut_off_network || return ;;
    commands)
      isolation_command on 'the command that cuts the copy off' &&
        isolation_command prove 'the command that proves it' || return
      printf 'proof\tby command\n' >"$RUN_DIR/isolation-proof"
      ;;
  esac
  CONFINING=
  { mkdir -p -- "${ISOLATED%/*}" && printf '%s\n' "$RUN" >"$ISOLATED"; } ||
    fail "$ISOLATED could not be written"
}

cut_off_network() {
  asked on </dev/null && asked look </dev/null && asked prove <"$RUN_DIR/isolation-targets" ||
    return
  mv -f -- "$RUN_DIR/isolation-said" "$RUN_DIR/isolation-proof"
}

# asked VERB: what the root-owned program finds wrong is the reason, all of it.
asked() {
  isolation "$1" >"$RUN_DIR/isolation-said" 2>&1
  status=$?
  cat -- "$RUN_DIR/isolation-said"
  [ "$status" != 0 ] || return 0
  reasons=$(awk -F'\t' '$1 == "problem" { printf "%s. %s ", $2, $3 }' "$RUN_DIR/isolation-said")
  fail "${reasons:-the isolation could not be asked for: seatrial doctor --host staging}"
}

# isolation_command on|prove WHAT
isolation_command() {
  read -r user seconds <"$RUN_DIR/isolation-$1" || return
  run_again "$user" "$seconds" "$2" "$(tail -n +2 -- "$RUN_DIR/isolation-$1")"
}

# ensure_isolated: in force, or made and proven anew.
ensure_isolated() {
  [ -e "$RUN_DIR/isolation" ] && [ -z "$CONFINING" ] || return 0
  if [ -e "$ISOLATED" ]; then
    grep -q -x -v network "$RUN_DIR/isolation" && return
    isolation check >/dev/null 2>&1 && return
  fi
  say 'the copy is not cut off any more; doing it again'
  cut_off
}

# In a subshell: commands that it runs have variables of the same names as who calls it.
before_start() { (ensure_isolated); }

# confine: for a command of the user, in the subshell that becomes it. Root's own join a group.
confine() {
  (ensure_isolated) 7>&- || return
  [ -z "$SUDO" ] || return 0
  case $(cat "$RUN_DIR/isolation" 2>/dev/null) in
    network) join_group || fail 'the group of isolated commands is gone' ;;
    # Another run has cut it off; in this one it has not come to that yet.
    '') join_group || true ;;
  esac
}

join_group() {
  slice=seatrial_$(printf '%s' "$APP" | tr - _).slice
  for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ -e "$top/$slice/commands/cgroup.procs" ] || continue
    echo 0 >"$top/$slice/commands/cgroup.procs"
    return
  done
  return 1
}

# still_isolated: at the end of a trial.
still_isolated() {
  case $(cat "$RUN_DIR/isolation" 2>/dev/null) in
    network) asked still </dev/null ;;
    commands) isolation_command prove 'the command that proves that the copy is cut off' ;;
    none) ;;
    *) fail 'the copy was never cut off' ;;
  esac
}
