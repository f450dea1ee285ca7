# shellcheck shell=sh
# A database that is in use is copied by SQLite itself, as one read transaction: python3 copies its
# pages in one step, the command line vacuums them into a new file. (`.backup` of the command line
# begins anew with each commit of somebody else, and never ends.) One that nobody has open, or that
# was left by a crash, is copied as files: opening it would write to it.

SQLITE_WAIT_SECONDS=60
SQLITE_TRIES_MAX=60
# For an application that opens its database so often that it never stands still.
SQLITE_LOG_SECONDS=2

# The stream is archives of tar: `database`, what must stay beside it where it could not be merged,
# and at the very end `end`, once the copy is known to be sound.
copy_sqlite() {
  [ -f "$1" ] && [ ! -L "$1" ] || fail "$1 is not there as a file" || return
  [ -r "$1" ] || fail "$(id -un) cannot read $1" || return
  no_deleted_database "$1" && scratch_holds "$1" && mkdir -p -- "$SCRATCH/sqlite" || return
  copy=$SCRATCH/sqlite/database
  copy_by_any_way "$1" "$copy" || return
  if [ -e "$copy-wal" ] || [ -e "$copy-journal" ]; then
    merge_and_check "$copy" "$1" || return
    (cd -- "$SCRATCH/sqlite" && send_database "$1" database*) || return
  else
    check_while_sent "$1" "$copy" || return
  fi
  printf 'whole\n' >"$SCRATCH/sqlite/end"
  (cd -- "$SCRATCH/sqlite" && send_database "$1" end) || return
  rm -rf -- "$SCRATCH/sqlite"
}

# check_while_sent PATH COPY: a database that stands alone is only read by both.
check_while_sent() {
  merge_and_check "$2" "$1" 2>"$SCRATCH/sqlite-checked" >&2 &
  check=$!
  (cd -- "$SCRATCH/sqlite" && send_database "$1" database)
  status=$?
  wait "$check" || status=$?
  cat -- "$SCRATCH/sqlite-checked" >&2
  return "$status"
}

# send_database PATH FILE…: of the mode and owners of the one at PATH.
send_database() {
  like=$1
  shift
  tar -c --format=pax --mode="$(stat -c %a -- "$like")" --owner="$(stat -c %U:%u -- "$like")" \
    --group="$(stat -c %G:%g -- "$like")" -- "$@" || fail "$like could not be sent"
}

no_deleted_database() {
  deleted_database "$1" >"$SCRATCH/deleted"
  [ ! -s "$SCRATCH/deleted" ] || fail "process $(head -n 1 "$SCRATCH/deleted") writes to a deleted \
file that was $1: what it writes will be lost. Restart the application first"
}

# deleted_database PATH: processes that have a file of this name open which is no longer there.
deleted_database() {
  for suffix in '' -wal; do
    open_in "$(readlink -f -- "$1")$suffix (deleted)"
  done | sort -u
}

sqlite_bytes() {
  for suffix in '' -wal -journal; do
    [ ! -e "$1$suffix" ] || stat -c %s -- "$1$suffix"
  done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Checked before anything is written: production's disk is not ours to fill.
scratch_holds() {
  need=$(sqlite_bytes "$1")
  free=$(df -P -k -- "$SCRATCH" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  [ "$free" -gt $((need + need / 10 + 67108864)) ] || fail "no space for a copy of $1: \
$((need / 1048576)) MiB and a tenth are needed in $SCRATCH, $((free / 1048576)) MiB are free. Set \
TMPDIR for this login, or copy it from a backup (copy-from)"
}

# copy_by_any_way PATH COPY: an application that opens its database for each request is met now with
# a log and now without.
copy_by_any_way() {
  sqlite_copier
  try=1
  while :; do
    if opened_safely "$1" "$SQLITE_COPIER"; then
      copy_in_use "$1" "$2" 0
      status=$?
      [ "$status" = 75 ] || return "$status"
    fi
    copy_standing "$1" "$2" && return
    if [ "$SQLITE_COPIER" = python3 ] && is_wal "$1"; then
      copy_in_use "$1" "$2" "$SQLITE_LOG_SECONDS"
      status=$?
      [ "$status" = 75 ] || return "$status"
    fi
    [ "$try" -lt "$SQLITE_TRIES_MAX" ] || break
    try=$((try + 1))
  done
  [ -n "$SQLITE_COPIER" ] || fail "$1 never stands still, and there is neither sqlite3 nor python3 \
that could copy it while it is in use. Install one of them on $(uname -n), or copy it from a \
backup (copy-from)" || return
  fail "$1 could not be copied in $SQLITE_TRIES_MAX tries: $(tail -n 1 "$SCRATCH/sqlite-said" \
    2>/dev/null). Copy it from a backup (copy-from), or take a quieter hour"
}

# opened_safely PATH PROGRAM: somebody may have it open, and to open it makes no file beside it:
# what SQLite makes there would belong to us, and lock the application out. Files that a crash has
# left are not in use. With python3 the log is held while it is opened.
opened_safely() {
  [ -n "$2" ] || return
  if [ "$(id -u)" = 0 ] && [ -z "$(open_in "$(readlink -f -- "$1")")" ]; then return 1; fi
  is_wal "$1" || return 0
  [ -e "$1-shm" ] && [ -e "$1-wal" ] || return
  [ "$2" = python3 ] || [ "$(id -u)" = 0 ] || [ -O "$1" ] ||
    [ ! -w "$(dirname -- "$1")" ]
}

# Bytes 18 and 19 of the head tell how it is written: 2 with a log.
is_wal() { [ "$(dd if="$1" bs=1 skip=18 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')" = 2 ]; }

# sqlite_client: sets SQLITE_CLIENT to what asks a database, and sqlite_copier sets SQLITE_COPIER to
# what copies one that is in use; empty where neither program is here. Looked for once.
sqlite_client() {
  [ -z "${SQLITE_CLIENT+looked}" ] || return 0
  SQLITE_CLIENT=
  if command -v sqlite3 >/dev/null &&
    sqlite3 -batch -init /dev/null :memory: 'select 1' >/dev/null 2>&1; then SQLITE_CLIENT=sqlite3
  elif python_has_sqlite; then SQLITE_CLIENT=python3; fi
}

sqlite_copier() {
  [ -z "${SQLITE_COPIER+looked}" ] || return 0
  SQLITE_COPIER=python3
  python_has_sqlite || { sqlite_client && SQLITE_COPIER=$SQLITE_CLIENT; }
}

python_has_sqlite() {
  command -v python3 >/dev/null && python3 -c 'import sqlite3
assert hasattr(sqlite3.Connection, "backup")' 2>/dev/null
}

# uri PATH OPTIONS
sqlite_uri() {
  printf 'file:%s?%s' "$(printf '%s' "$1" | sed 's/%/%25/g; s/?/%3f/g; s/#/%23/g')" "$2"
}

# copy_in_use PATH COPY SECONDS: 75 where the log went away, and did not come in so many.
copy_in_use() {
  rm -f -- "$2"
  case $SQLITE_COPIER in
    python3) python3 -c "$sqlite_hold$sqlite_step" "$1" "$(sqlite_uri "$1" mode=ro)" "$2" \
        "$SQLITE_WAIT_SECONDS" "$3" ;;
    *) sqlite3 -batch -init /dev/null -cmd ".timeout ${SQLITE_WAIT_SECONDS}000" \
        "$(sqlite_uri "$1" mode=ro)" \
        "vacuum into '$(printf '%s' "$2" | sed "s/'/''/g")'" >/dev/null ;;
  esac 2>"$SCRATCH/sqlite-said"
  status=$?
  if [ "$status" = 0 ] && same_mode "$1" "$2"; then
    [ "$SQLITE_COPIER" = python3 ] || copied_as logical
    return
  fi
  rm -f -- "$2"
  # A journal that a crash has left cannot be rolled back by who only reads.
  [ "$status" != 75 ] && [ ! -e "$1-journal" ] || return 75
  fail "$1 could not be copied: $(tail -n 1 "$SCRATCH/sqlite-said")"
}

# same_mode PATH COPY: a copy that SQLite makes has no log, and an application that once asked for
# one never asks again.
same_mode() {
  if is_wal "$1" && ! is_wal "$2"; then
    sqlite_ask "$2" 'pragma journal_mode=wal;' >/dev/null 2>>"$SCRATCH/sqlite-said"
  fi
}

# While we hold the lock of a reader, nobody who closes the database takes the log away; it must be
# there before we open. The bytes are those of unixLock in SQLite's os_unix.c. One process only: a
# second descriptor that is closed would give up the lock.
sqlite_hold='
import fcntl, os, sys, time
held = os.open(sys.argv[1], os.O_RDONLY)
began = time.monotonic()
while os.pread(held, 20, 0)[18:19] == b"\2":
    try:
        fcntl.lockf(held, fcntl.LOCK_SH | fcntl.LOCK_NB, 510, 0x40000002)
    except OSError:
        patience = 5
    else:
        if all(os.path.exists(sys.argv[1] + it) for it in ("-wal", "-shm")):
            break
        fcntl.lockf(held, fcntl.LOCK_UN, 510, 0x40000002)
        patience = float(sys.argv[5])
    if time.monotonic() - began >= patience:
        sys.exit(75)
    time.sleep(0.002)
'

# Pages as they are, the free ones too: a migration takes as long on the copy. No flush: it is
# scratch, and is checked before it is sent.
sqlite_step='
import sqlite3
source = sqlite3.connect(sys.argv[2], uri=True, timeout=float(sys.argv[4]))
target = sqlite3.connect(sys.argv[3])
target.execute("pragma synchronous=off")
target.execute("pragma journal_mode=off")
source.backup(target, pages=-1)
target.close()'

# copy_standing PATH COPY: as files; only if nothing changed meanwhile.
copy_standing() {
  rm -f -- "$2" "$2-wal" "$2-journal"
  before=$(standing_files "$1")
  # What changed just now may change again within the same tick of the clock.
  sleep 0.1
  for suffix in '' -wal -journal; do
    [ ! -e "$1$suffix" ] || cp --reflink=auto --sparse=always -- "$1$suffix" "$2$suffix" \
      2>"$SCRATCH/sqlite-said" || return
  done
  [ "$before" = "$(standing_files "$1")" ] || {
    printf 'it changed each time\n' >"$SCRATCH/sqlite-said"
    return 1
  }
}

standing_files() {
  for suffix in '' -wal -journal; do
    stat -c '%n %i %s %y %z' -- "$1$suffix" 2>/dev/null
  done
}

# merge_and_check COPY [PATH]: opened for the first time, it takes in its log, or rolls its journal
# back. PATH, on production, is what is damaged where the copy is.
merge_and_check() {
  sqlite_client
  [ -n "$SQLITE_CLIENT" ] || {
    [ "$(head -c 15 -- "$1")" = 'SQLite format 3' ] || [ ! -s "$1" ] ||
      fail 'the copy does not begin as a SQLite database'
    return
  }
  answer=$(sqlite_ask "$1" 'pragma quick_check(1);' 2>&1)
  [ "$answer" = ok ] || fail "${2:-the copy} is damaged: $(printf '%s' "$answer" |
    tr '\n' ' ')${2:+. Mend it, or copy it from a backup (copy-from)}" || return
  if [ -e "$1-wal" ]; then sqlite_ask "$1" 'pragma wal_checkpoint(truncate);' >/dev/null 2>&1; fi
  rm -f -- "$1-shm"
  [ -s "$1-wal" ] || rm -f -- "$1-wal"
}

# sqlite_ask PLACE SQL|-: rows of columns with a TAB between them; `-`: statements on standard
# input, one a line.
sqlite_ask() {
  sqlite_client
  case $SQLITE_CLIENT in
    python3) python3 -c "$sqlite_rows" "$1" "$2" ;;
    *) if [ "$2" = - ]; then cat; else printf '%s\n' "$2"; fi |
      sqlite3 -batch -bail -init /dev/null -cmd ".timeout ${SQLITE_WAIT_SECONDS}000" -noheader \
        -list -separator "$TAB" "$1" ;;
  esac
}

sqlite_rows='
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], uri=True, timeout=60, isolation_level=None)
connection.text_factory = bytes
out = sys.stdout.buffer
for line in sys.stdin if sys.argv[2] == "-" else [sys.argv[2]]:
    for row in connection.execute(line):
        out.write(b"\t".join(b"" if it is None else it if isinstance(it, bytes) else
            str(it).encode() for it in row) + b"\n")'
