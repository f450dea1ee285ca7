# shellcheck shell=sh disable=SC2034 # other parts use them
# The fixed part of every program: journal, durable writes, locks. POSIX sh (dash and bash).
# The compiled head sets APP RUN BASE (Seatrial's directory on the host) and STEPS.
# Standard output and error are the run's console.log.

RUN_DIR=$BASE/runs/$RUN
JOURNAL=$RUN_DIR/journal
BUNDLE=$BASE/failed/$RUN
RUN_STATE=/run/seatrial/$APP
ME=$(id -un)
SUDO=
[ "$(id -u)" = 0 ] || SUDO='sudo -n'
# Seconds that a watcher may be silent before it counts as gone, and how long one is awaited.
WATCHER_SILENT_SECONDS_MAX=10
WATCHER_WAIT_SECONDS_MAX=30
UNDO_TRIES_MAX=3
RECOVERIES_MAX=5
ORPHAN_WAIT_SECONDS_MAX=20

say() { printf '%s\n' "$*"; }

# Prints text as one line that fits a journal field; most are, and cost no process.
one_line() {
  case $1 in
    *[![:print:]]*) ;;
    *) [ "${#1}" -gt 400 ] || { printf '%s' "$1"; return; } ;;
  esac
  printf '%s' "$1" | tr '\t\n\r' '   ' | tr -d '\000-\037\177' | cut -c1-400
}

# The first failure of a step is its reason; it crosses the subshell in a file.
fail() {
  say "failed: $*"
  [ -s "$RUN_DIR/why" ] || one_line "$*" >"$RUN_DIR/why" 2>/dev/null
  return 1
}

# Mostly there is nothing to forget, and no process is made.
forget_why() { [ ! -e "$RUN_DIR/why" ] || rm -f "$RUN_DIR/why"; }

# Forces files and directories to the disk; a power cut must not take back what was reported.
# It may wait for a slow disk longer than we live: it must not hold our lock.
flush() { { sync "$@" 2>/dev/null || sync; } 9>&-; }

# A whole file system: for trees with many files.
flush_tree() { sync -f "$1" 2>/dev/null || sync; }

# durable PATH TEXT: after it returns, the file is there whole or as it was before.
durable() {
  printf '%s\n' "$2" >"$1.new-$RUN" && flush "$1.new-$RUN" &&
    mv -f -T -- "$1.new-$RUN" "$1" && flush "${1%/*}"
}

# Space for the journal is reserved before the window; undo must be able to write on a full disk.
reserve_space() { [ -e "$RUN_DIR/reserve" ] || head -c 1048576 /dev/zero >"$RUN_DIR/reserve"; }
free_reserve() { rm -f "$RUN_DIR/reserve"; }

# journal EVENT STEP TEXT: one line, on the disk when it returns.
journal() {
  line="$(date +%s.%N)	$1	$2	$(one_line "$3")"
  if ! printf '%s\n' "$line" >>"$JOURNAL"; then
    free_reserve
    # What follows must not be glued to a line that was cut short.
    printf '\n%s\n' "$line" >>"$JOURNAL" || { printf '\n' >>"$JOURNAL"; return 1; }
  fi
  flush "$JOURNAL"
}

# A power cut can leave half a line; the next event must not be glued to it.
mend_journal() {
  [ -s "$JOURNAL" ] && [ -n "$(tail -c 1 "$JOURNAL")" ] && printf '\n' >>"$JOURNAL"
  flush "$JOURNAL" "$RUN_DIR"
}

# journal_has EVENT: a line that a power cut tore tells nothing.
journal_has() {
  EVENT=$1 awk -F'\t' '$2 == ENVIRON["EVENT"] && NF == 4 { found = 1 }
    END { exit !found }' "$JOURNAL"
}

# Steps that were begun in any life of this run, newest first.
begun_steps() { awk -F'\t' '$2 == "begin" && NF == 4 { print $3 }' "$JOURNAL" | sort -n -r -u; }

# The lock is held by this process alone (descriptor 9); every child closes it.
# The work lock (descriptor 8) is inherited by steps, so that an orphan of a killed program shows.
take_lock() {
  exec 9>>"$BASE/lock" || return 1
  # A watcher that asks whether we live holds the lock for an instant.
  flock -w 5 9 || return 1
  exec 8>>"$BASE/work" || return 1
  {
    printf 'run\t%s\nby\t%s\nsince\t%s\nversion\t%s\ndigest\t%s\n' \
      "$RUN" "$BY" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$VERSION" "$DIGEST"
    printf 'boot\t%s\npid\t%s\n' "$(cat /proc/sys/kernel/random/boot_id)" "$$"
  } >"$BASE/lock.owner" || say 'the name of this run could not be written beside the lock'
}

# openers PATH: ids of processes that have it open, one a line. One program that looks at all of
# /proc: thousands of descriptors would be as many forks, and users may be out.
openers() {
  find /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%h\t%l\n' 2>/dev/null |
    SOUGHT=$(readlink -f -- "$1") awk -F'\t' '
      $2 == ENVIRON["SOUGHT"] { split($1, part, "/"); print part[3] }' | sort -u
}

# Processes that still hold the work lock of a program that was killed.
orphans() { { exec 8>&-; openers "$BASE/work"; } | grep -v -x -e "$$" 8>&-; }

# Ends what a killed program left running, then holds the work lock.
take_work_lock() {
  flock -n 8 && return 0
  say "steps of a killed program are still running: $(orphans | tr '\n' ' ')"
  for signal in TERM KILL; do
    # shellcheck disable=SC2046 # process ids, split on purpose
    kill -s "$signal" $(orphans) 2>/dev/null
    flock -w "$ORPHAN_WAIT_SECONDS_MAX" 8 && return 0
  done
  return 1
}

# A watcher writes the host's uptime into this file with every beat: no clock can fool it.
watched() {
  [ -s "$RUN_DIR/watcher" ] || return 1
  read -r beat <"$RUN_DIR/watcher"
  read -r uptime _ </proc/uptime
  silent=$((${uptime%%.*} - beat))
  # A beat that lies ahead is of an earlier boot.
  [ "$silent" -ge 0 ] && [ "$silent" -le "$WATCHER_SILENT_SECONDS_MAX" ]
}

await_watcher() {
  tenths=$((WATCHER_WAIT_SECONDS_MAX * 10))
  until watched; do
    [ "$tenths" -gt 0 ] || return 1
    cancelled && return 1
    sleep 0.1
    tenths=$((tenths - 1))
  done
}

cancelled() { [ -e "$RUN_DIR/cancel" ]; }

# The file system of a path, and the side directory on it where we keep what may be swapped back.
device() { stat -c %d -- "$1"; }
side() { printf '%s/.seatrial-%s' "$(dirname -- "$1")" "$APP"; }

make_side() {
  directory=$(side "$1")
  [ -d "$directory" ] || mkdir -m 700 -- "$directory"
}

# mounted_inside PATH: a file system is mounted below it. It would be moved along with a rename, and
# emptied with what it was moved along with.
mounted_inside() {
  inside=$(readlink -f -- "$1" | sed 's/\\/\\134/g; s/ /\\040/g')/
  INSIDE=$inside awk 'index($5, ENVIRON["INSIDE"]) == 1 { found = 1 } END { exit !found }' \
    /proc/self/mountinfo
}

# keep_failed PATH LABEL: moves what a failed release left into the bundle, never copies.
keep_failed() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  mkdir -p -- "$BUNDLE" || return 1
  target=$BUNDLE/$2
  if [ "$(device "$(dirname -- "$1")")" != "$(device "$BUNDLE")" ]; then
    make_side "$1" && mkdir -p -- "$(side "$1")/failed-$RUN" || return 1
    target=$(side "$1")/failed-$RUN/$2
    ln -s -f -n -- "$target" "$BUNDLE/$2" || return 1
  fi
  free_name "$target"
  mv -T -- "$1" "$target" && flush "$(dirname -- "$1")" "$(dirname -- "$target")"
}

# An undo that runs twice may find an earlier keepsake: number it, never overwrite it.
free_name() {
  number=1
  [ -e "$1" ] || [ -L "$1" ] || return 0
  while [ -e "$1.$number" ] || [ -L "$1.$number" ]; do number=$((number + 1)); done
  mv -T -- "$1" "$1.$number"
}
