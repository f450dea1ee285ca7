# shellcheck shell=sh
# A directory: all files below it, swapped by rename.

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

unbring_directory() { unbring_path "$1" "$2"; }
