# shellcheck shell=sh
# An SQLite database file with what SQLite keeps beside it.

# Who has a file open: a database that is written while it is copied is torn.
holders() { openers "$1" | tr '\n' ' '; }

# The database with what SQLite keeps beside it: a hot journal or a log that is not yet merged.
sqlite_files() {
  for suffix in '' -journal -wal -shm; do
    [ ! -e "$1$suffix" ] || printf '%s\n' "$suffix."
  done
}

rescue_sqlite() {
  ! no_state "$1" "$2" "$3" || return 0
  place=$(rescue_place "$1" "$2")
  [ -f "$1" ] && [ ! -L "$1" ] || fail "$1 is not there as a file" || return
  [ -z "$(holders "$1")" ] || fail "$1 is still open in process $(holders "$1")" || return
  make_side "$1" && rm -rf -- "$place.part" && mkdir -m 700 -- "$place.part" || return
  for suffix in $(sqlite_files "$1"); do
    suffix=${suffix%.}
    copy_tree "$1$suffix" "$place.part/database$suffix" || return
    cmp -s -- "$1$suffix" "$place.part/database$suffix" ||
      fail "$1$suffix changed while it was copied" || return
  done
  prove_sqlite "$place.part" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$1")" && note_rescue "$1" "$2" sqlite
}

# Opens a scratch copy, since opening may merge the log: the rescue copy keeps its bytes.
prove_sqlite() {
  scratch=$1.proof
  rm -rf -- "$scratch" && cp -R --reflink=auto -- "$1" "$scratch" || return
  answer=$(open_sqlite "$scratch/database" 2>&1)
  rm -rf -- "$scratch"
  [ "$answer" = ok ] || fail "the rescue copy does not open: $answer"
}

open_sqlite() {
  if command -v sqlite3 >/dev/null; then
    sqlite3 -batch "$1" 'pragma quick_check(1);'
  elif command -v python3 >/dev/null && python3 -c 'import sqlite3' 2>/dev/null; then
    python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("pragma quick_check(1)").fetchone()[0])' "$1"
  elif [ "$(head -c 15 "$1")" = 'SQLite format 3' ]; then
    printf 'ok'
    say 'neither sqlite3 nor python3 is here: the copy was compared byte by byte, not opened' >&3
  else
    printf 'it does not begin as a SQLite database'
  fi
} 3>>"$RUN_DIR/console.log"

restore_sqlite() {
  if [ -e "$RUN_DIR/no-state-$2" ]; then
    for suffix in -journal -wal -shm ''; do
      keep_failed "$1$suffix" "state-$2$suffix" || return
    done
    return
  fi
  place=$(rescue_place "$1" "$2")
  if [ -d "$place" ]; then
    restore_sqlite_files "$1" "$2" "$place" || fail "$place could not be swapped back" || return
  else
    swapped_if_rescued "$1" "$2" "$place" || return
  fi
  rm -rf -- "$place.part" "$place.part.proof"
  forget_place "$place"
}

# First all that the failed release left goes away, and only then the copy comes back: a second
# run can always tell the two apart.
restore_sqlite_files() {
  if [ ! -e "$3/away" ]; then
    for suffix in -journal -wal -shm ''; do
      keep_failed "$1$suffix" "state-$2$suffix" || return
    done
    swapping "$2" && : >"$3/away" && flush "$3/away" "$3" || return
  fi
  for suffix in -journal -wal -shm ''; do
    [ ! -e "$3/database$suffix" ] || mv -T -- "$3/database$suffix" "$1$suffix" || return
  done
  flush "$(dirname -- "$1")" && rm -rf -- "$3"
}

bring_sqlite() {
  make_side "$1" && mkdir -p -- "$(side "$1")/replaced-$RUN-$2" || return
  for suffix in -journal -wal -shm ''; do
    [ ! -e "$1$suffix" ] ||
      mv -T -- "$1$suffix" "$(side "$1")/replaced-$RUN-$2/database$suffix" || return
    [ ! -e "$3/database$suffix" ] || copy_tree "$3/database$suffix" "$1$suffix" || return
  done
  flush_tree "$(dirname -- "$1")"
  note_place replaced "$1" "$(side "$1")/replaced-$RUN-$2"
}

unbring_sqlite() { unbring_path "$1" "$2"; }

# place_sqlite SPEC LABEL WHICH: a copy is a directory, with what SQLite keeps beside `database`.
place_sqlite() {
  case $3 in
    live) printf '%s\n' "$1" ;;
    rescue) printf '%s\n' "$(rescue_place "$1" "$2")" ;;
    *) beside_database "$3" "$1" ;;
  esac
}

# beside_database WHICH PATH
beside_database() { printf '%s/%s-%s\n' "$(side "$2")" "$1" "${2##*/}"; }

# May be repeated; a host that dies in it has no pristine copy, or a whole one.
keep_sqlite() {
  incoming=$(beside_database incoming "$1")
  pristine=$(beside_database pristine "$1")
  if [ -e "$incoming" ]; then
    rm -rf -- "$pristine.old" || return
    if [ -e "$pristine" ]; then mv -T -- "$pristine" "$pristine.old"; fi &&
      mv -T -- "$incoming" "$pristine" && flush "$(side "$1")" ||
      fail "the copy of $1 could not be kept" || return
  fi
  [ -e "$pristine" ] || fail "there is no copy of $1 to be kept" || return
  rm -rf -- "$pristine.old"
}

discard_sqlite() {
  incoming=$(beside_database incoming "$1")
  pristine=$(beside_database pristine "$1")
  rm -rf -- "$incoming" "$incoming.part" "$pristine" "$pristine.old" \
    "$(beside_database laid "$1").part" || fail "the copy of $1 could not be removed" || return
}

lay_sqlite() {
  pristine=$(beside_database pristine "$1")
  next=$(beside_database laid "$1").part
  [ -f "$pristine/database" ] || fail "there is no copy of $1 here" || return
  [ ! -L "$1" ] || fail "$1 is a symbolic link" || return
  [ -z "$(holders "$1")" ] || fail "$1 is still open in process $(holders "$1")" || return
  make_side "$1" && rm -rf -- "$next" && copy_tree "$pristine" "$next" || return
  flush_tree "$next"
  set_database_aside "$1" || fail "$1 could not be moved aside" || return
  # The database comes last: without it nothing beside it counts.
  for suffix in -journal -wal -shm ''; do
    [ ! -e "$next/database$suffix" ] || mv -T -- "$next/database$suffix" "$1$suffix" ||
      fail "$1$suffix could not be laid" || return
  done
  flush "$(dirname -- "$1")" && rm -rf -- "$next"
}

# What was here before the first copy is kept for ever, what an earlier rehearsal left is not.
set_database_aside() {
  before=$(beside_database before "$1")
  if [ -e "$before" ]; then
    # The database goes first: nothing beside it is ever taken for another's.
    rm -f -- "$1" && rm -f -- "$1-journal" "$1-wal" "$1-shm"
    return
  fi
  (umask 077 && mkdir -p -- "$before.part") || return
  for suffix in -journal -wal -shm ''; do
    [ ! -e "$1$suffix" ] || mv -T -- "$1$suffix" "$before.part/database$suffix" || return
  done
  mv -T -- "$before.part" "$before" && flush "$(dirname -- "$1")" "$(side "$1")"
}
