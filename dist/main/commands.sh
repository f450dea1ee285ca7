# shellcheck shell=sh
# The user's own commands: in a clean environment, bounded in time, as the user they name.

# told STATUS: how a command ended, in words. No status of a killed process is ever success.
told() {
  case $1 in
    124) printf 'did not end in time' ;;
    126 | 127) printf 'could not be run (status %s)' "$1" ;;
    *) if [ "$1" -gt 128 ]; then printf 'was killed by signal %s' "$(($1 - 128))"
      else printf 'ended with status %s' "$1"; fi ;;
  esac
}

# A rehearsal puts something in their place: nothing starts, and nothing runs, un-isolated.
before_start() { :; }
confine() { :; }

# as_user USER|- SECONDS DIRECTORY NAME=VALUE|- TEXT
as_user() {
  user=$1 seconds=$2 directory=$3 setting=$4 text=$5
  [ "$setting" != - ] || setting=SEATRIAL=1
  set --
  if [ "$user" != - ] && [ "$user" != "$ME" ]; then
    if [ -z "$SUDO" ]; then set -- runuser -u "$user" --
    else set -- sudo -n -u "$user" --; fi
  else
    user=$ME
  fi
  account=$(getent passwd "$user" 2>/dev/null)
  home=${account%:*}
  home=${home##*:}
  (
    confine && cd -- "$directory" || exit 126
    exec timeout -k 10 "$seconds" "$@" env -i HOME="${home:-/}" USER="$user" LOGNAME="$user" \
      PATH="$PATH" LANG="${APP_LANG:-C.UTF-8}" SEATRIAL_RUN="$RUN" \
      SEATRIAL_ENTRY="${ENTRY:-}" "$setting" /bin/sh -c "$text" </dev/null
  )
}

# run_once LABEL USER|- SECONDS DIRECTORY WHAT TEXT: at most once in a transaction.
run_once() {
  [ ! -e "$RUN_DIR/ran-$1" ] || fail "$5 has been run in this transaction already" || return
  durable "$RUN_DIR/ran-$1" started || return
  say "$ $6"
  as_user "$2" "$3" "$4" - "$6" || fail "$5 $(told $?)"
}

# run_again USER|- SECONDS WHAT TEXT: a command that may be repeated (maintenance on and off).
run_again() {
  say "$ $4"
  as_user "$1" "$2" / - "$4" || fail "$3 $(told $?)"
}
