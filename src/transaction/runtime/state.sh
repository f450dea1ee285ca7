# shellcheck shell=sh
# State that must never be lost: a rescue copy of one instant, proven, and restored by swap.

# copy_tree SOURCE TARGET: everything that a tree has, or an error; sparse and shared blocks kept.
# Attributes are named one by one: with --archive, cp would drop what it cannot keep in silence.
copy_tree() {
  cp -d -R --preserve=mode,ownership,timestamps,links,xattr --sparse=always --reflink=auto \
    -- "$1" "$2" || fail "$1 could not be copied"
}

# Type, mode, owner, size, time, link target and name of all that is in a tree, as one digest.
listing() {
  (cd -- "$1" && find . \( -type d -printf 'd %m %U %G %p\0' \) -o \
    -printf '%y %m %U %G %s %T@ %l %p\0' | sort -z | sha256sum) | cut -d' ' -f1
  ! command -v getfacl >/dev/null || (cd -- "$1" && getfacl -s -R -P -n . 2>/dev/null | sha256sum)
}

count_files() { find "$1" | wc -l | tr -d ' '; }

# same_tree A B: proven by looking at both, not by an exit status.
same_tree() {
  [ "$(listing "$1")" = "$(listing "$2")" ] ||
    fail "the copy of $1 is not equal to it: does something still write to it?"
}

rescue_place() { printf '%s/rescue-%s-%s' "$(side "$1")" "$RUN" "$2"; }

# note_place KIND PATH PLACE: what stands in a side directory is found, and later removed, by this
# list; a rescue copy exists only when it stands here. Once for each place.
note_place() {
  mkdir -p -- "$BASE/rescues" || return
  ! listed "$3" || return 0
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(count_files "$3")" \
    "$(du -s -k -- "$3" | cut -f1)" >>"$BASE/rescues/$RUN"
  flush "$BASE/rescues/$RUN" "$BASE/rescues"
}

listed() { cut -f3 "$BASE/rescues/$RUN" 2>/dev/null | grep -q -x -F -e "$1"; }

# It was swapped back: no later run may look for it. The others of this run stay in the list.
forget_place() {
  [ -e "$BASE/rescues/$RUN" ] || return 0
  PLACE=$1 awk -F'\t' '$3 != ENVIRON["PLACE"]' "$BASE/rescues/$RUN" >"$RUN_DIR/rescues" &&
    if [ -s "$RUN_DIR/rescues" ]; then mv -f -- "$RUN_DIR/rescues" "$BASE/rescues/$RUN"
    else rm -f -- "$RUN_DIR/rescues" "$BASE/rescues/$RUN"; fi
}

# swapping LABEL: what has a copy ready is about to get it back.
swapping() { : >"$RUN_DIR/swapping-$1" && flush "$RUN_DIR"; }

# was_swapped PATH LABEL: an earlier life of this undo has done it.
was_swapped() { [ -e "$RUN_DIR/swapping-$2" ] && { [ -e "$1" ] || [ -L "$1" ]; }; }

# swapped_if_rescued PATH LABEL PLACE: there is no copy, since none was made, or since it is back
# already. One that is gone is no reason to start the old code on what the failed release left.
swapped_if_rescued() {
  ! listed "$3" || was_swapped "$1" "$2" || fail "the rescue copy $3 is gone"
}

note_rescue() { note_place "$3" "$1" "$(rescue_place "$1" "$2")"; }

# note_code PATH LABEL: what a rollback puts back.
note_code() {
  place=$(side "$1")/old-$RUN-$2
  if [ -e "$place" ] || [ -L "$place" ]; then note_place code "$1" "$place"; fi
}

# no_state PATH LABEL FIRST: at a first deployment there may be no state; undo is absence then.
no_state() {
  [ "$3" = first ] && [ ! -e "$1" ] && : >"$RUN_DIR/no-state-$2" && flush "$RUN_DIR"
}

# The application is stopped: nothing may change while the copy is made.
rescue_directory() {
  ! no_state "$1" "$2" "$3" || return 0
  place=$(rescue_place "$1" "$2")
  [ -d "$1" ] && [ ! -L "$1" ] || fail "$1 is not there as a directory" || return
  ! mounted_inside "$1" || fail "a file system is mounted inside $1" || return
  make_side "$1" && rm -rf -- "$place.part" || return
  copy_tree "$1" "$place.part" && same_tree "$1" "$place.part" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$1")" && note_rescue "$1" "$2" directory
}

# The failed state is kept whole; the copy takes its place by rename. Safe to run again anywhere.
restore_directory() {
  [ ! -e "$RUN_DIR/no-state-$2" ] || { keep_failed "$1" "state-$2"; return; }
  place=$(rescue_place "$1" "$2")
  if [ -d "$place" ]; then
    keep_failed "$1" "state-$2" && swapping "$2" && mv -T -- "$place" "$1" ||
      fail "$place could not be swapped back to $1" || return
    flush "$(dirname -- "$1")" "$(side "$1")"
  else
    swapped_if_rescued "$1" "$2" "$place" || return
  fi
  rm -rf -- "$place.part"
  forget_place "$place"
}

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

# bring_directory PATH LABEL PLACE: an older rescue copy takes the place of the state; what is
# there now was just rescued, and is kept beside it all the same.
bring_directory() {
  make_side "$1" && rm -rf -- "$(side "$1")/bring-$RUN-$2" || return
  copy_tree "$3" "$(side "$1")/bring-$RUN-$2" && same_tree "$3" "$(side "$1")/bring-$RUN-$2" ||
    return
  mv -T -- "$1" "$(side "$1")/replaced-$RUN-$2" &&
    mv -T -- "$(side "$1")/bring-$RUN-$2" "$1" && flush "$(dirname -- "$1")" "$(side "$1")" &&
    note_place replaced "$1" "$(side "$1")/replaced-$RUN-$2"
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

# The undo of both: the rescue copy of this run does the work, what is half made goes away, and
# what was put aside is told to the person who looks for it.
unbring() {
  rm -rf -- "$(side "$1")/bring-$RUN-$2"
  keep_failed "$(side "$1")/replaced-$RUN-$2" "replaced-$2"
}
