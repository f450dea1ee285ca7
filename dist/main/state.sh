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

# note_place KIND IDENTITY PLACE: what is kept for going back is found, and later removed, by this
# list; a rescue copy exists only when it stands here. Once for each place.
note_place() { note_line "$1" "$2" "$3" "$(count_files "$3")" "$(du -s -k -- "$3" | cut -f1)"; }

# note_line KIND IDENTITY PLACE COUNT KILOBYTES: the same for what is no file.
note_line() {
  mkdir -p -- "$BASE/rescues" || return
  ! listed "$3" || return 0
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" >>"$BASE/rescues/$RUN"
  flush "$BASE/rescues/$RUN" "$BASE/rescues"
}

# note_failed KIND IDENTITY PLACE: what is no file goes with its failed bundle when that is removed.
note_failed() {
  mkdir -p -- "$BUNDLE" && ! grep -q -s -x -F -e "$1	$2	$3" "$BUNDLE/places" || return 0
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$BUNDLE/places" && flush "$BUNDLE/places" "$BUNDLE"
}

# drop_place KIND IDENTITY PLACE: removes one of them. A kind whose places are no files has a verb
# `drop_KIND SPEC PLACE`, and it is asked only about what the configuration still names.
drop_place() {
  case $1 in
    postgres | mysql) each_state drop_in_state "$1" "$2" "$3" ;;
    *) drop_ours "$3" ;;
  esac
}

# drop_in_state KIND IDENTITY PLACE and then the state: KIND SPEC LABEL IDENTITY
drop_in_state() { if [ "$1	$2" = "$4	$7" ]; then "drop_$1" "$5" "$3"; fi; }

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

# unbring_path PATH LABEL: the rescue copy of this run does the work, what is half made goes away,
# and what was put aside is told to the person who looks for it.
unbring_path() {
  rm -rf -- "$(side "$1")/bring-$RUN-$2"
  keep_failed "$(side "$1")/replaced-$RUN-$2" "replaced-$2"
}
