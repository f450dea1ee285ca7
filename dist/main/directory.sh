# shellcheck shell=sh
# A directory: all files below it, swapped by rename. Entries that `exclude` names are no state:
# they are not copied and not compared, and they stay where they are. Where the state is swapped,
# each is renamed from what was there into what takes its place.

# exclude_regex SPEC: globs as one extended regular expression for paths that begin with `./`, as in
# src/package/glob.ts: `*` and `?` inside one name, `**` over names, `{a,b}`; empty: nothing.
exclude_regex() {
  spec "$1" exclude | awk '
    function regex(glob,    out, i, c, start, depth) {
      for (i = 1; i <= length(glob); i++) {
        c = substr(glob, i, 1)
        start = i == 1 || index("/{,", substr(glob, i - 1, 1)) > 0
        if (start && substr(glob, i, 3) == "**/") { out = out "([^/]+/)*"; i += 2 }
        else if (start && substr(glob, i) == "**") { out = out ".+"; i += 1 }
        else if (c == "*") { while (substr(glob, i + 1, 1) == "*") i++; out = out "[^/]*" }
        else if (c == "?") out = out "[^/]"
        else if (c == "{") { depth++; out = out "(" }
        else if (c == "}") { depth--; out = out ")" }
        else if (c == "," && depth > 0) out = out "|"
        else if (index(".+^$()|[\\", c) > 0) out = out "\\" c
        else out = out c
      }
      return out
    }
    $0 != "" { all = all (all == "" ? "" : "|") regex($0) }
    END { if (all != "") printf "\\./(%s)", all }'
}

# tree_find DIRECTORY REGEX EXPRESSION…: `find .` without what is excluded.
tree_find() (
  cd -- "$1" || exit
  regex=$2
  shift 2
  [ -z "$regex" ] || set -- -regextype posix-extended -regex "$regex" -prune -o "$@"
  LC_ALL=C find . "$@"
)

# excluded_in DIRECTORY REGEX: what is excluded, the topmost of it, with a NUL after each.
excluded_in() {
  [ -n "$2" ] || return 0
  (cd -- "$1" && LC_ALL=C find . -regextype posix-extended -regex "$2" -print0 -prune)
}

# carry_excluded FROM TO REGEX: may be repeated; what has no directory to go to stays behind.
carry_excluded() {
  [ -n "$3" ] && [ -d "$1" ] || return 0
  # shellcheck disable=SC2016 # the inner shell expands it
  excluded_in "$1" "$3" | xargs -0 -r sh -c '
    from=$1 to=$2
    shift 2
    for name; do
      [ -d "$to/${name%/*}" ] && [ ! -e "$to/$name" ] && [ ! -L "$to/$name" ] || continue
      mv -T -- "$from/$name" "$to/$name" || exit
    done' sh "$1" "$2" || fail "what is excluded in $1 could not be carried over"
}

# copy_state SOURCE TARGET REGEX: with exclusions tar copies, since cp knows none. It cannot carry
# sockets.
copy_state() {
  [ -n "$3" ] || { copy_tree "$1" "$2"; return; }
  mkdir -- "$2" && tree_find "$1" "$3" ! -type s -print0 >"$2.names" ||
    fail "$1 could not be listed" || return
  {
    tar -c --format=pax --sparse --xattrs --acls --no-recursion -C "$1" --null -T "$2.names" ||
      : >"$2.torn"
  } | tar -x -p --numeric-owner --xattrs --xattrs-include='*' --acls -C "$2" &&
    [ ! -e "$2.torn" ] || fail "$1 could not be copied" || return
  rm -f -- "$2.names"
}

# same_state A B REGEX
same_state() {
  [ -n "$3" ] || { same_tree "$1" "$2"; return; }
  [ "$(state_digest "$1" "$3")" = "$(state_digest "$2" "$3")" ] ||
    fail "the copy of $1 is not equal to it: does something still write to it?"
}

state_digest() {
  tree_find "$1" "$2" \( -type d -printf 'd %m %U %G %p\0' \) -o \
    ! -type s -printf '%y %m %U %G %s %T@ %l %p\0' | sort -z | sha256sum
}

forget_parts() { rm -rf -- "$1.part" "$1.part.names" "$1.part.torn"; }

# The application is stopped: nothing may change while the copy is made.
rescue_directory() {
  path=$(spec "$1" path)
  ! no_state "$path" "$2" "$3" || return 0
  regex=$(exclude_regex "$1")
  place=$(rescue_place "$path" "$2")
  [ -d "$path" ] && [ ! -L "$path" ] || fail "$path is not there as a directory" || return
  ! mounted_inside "$path" || fail "a file system is mounted inside $path" || return
  make_side "$path" && forget_parts "$place" || return
  copy_state "$path" "$place.part" "$regex" && same_state "$path" "$place.part" "$regex" || return
  flush_tree "$place.part"
  mv -T -- "$place.part" "$place" && flush "$(side "$path")" && note_rescue "$path" "$2" directory
}

# The failed state is kept whole; the copy takes its place by rename. Safe to run again anywhere.
restore_directory() {
  path=$(spec "$1" path)
  [ ! -e "$RUN_DIR/no-state-$2" ] || { keep_failed "$path" "state-$2"; return; }
  place=$(rescue_place "$path" "$2")
  if [ -d "$place" ]; then
    carry_excluded "$path" "$place" "$(exclude_regex "$1")" &&
      keep_failed "$path" "state-$2" && swapping "$2" && mv -T -- "$place" "$path" ||
      fail "$place could not be swapped back to $path" || return
    flush "$(dirname -- "$path")" "$(side "$path")"
  else
    swapped_if_rescued "$path" "$2" "$place" || return
  fi
  forget_parts "$place"
  forget_place "$place"
}

# bring_directory SPEC LABEL PLACE: an older rescue copy takes the place of the state; what is
# there now was just rescued, and is kept beside it all the same.
bring_directory() {
  path=$(spec "$1" path)
  regex=$(exclude_regex "$1")
  next=$(side "$path")/bring-$RUN-$2
  make_side "$path" && rm -rf -- "$next" "$next.names" "$next.torn" || return
  copy_state "$3" "$next" "$regex" && same_state "$3" "$next" "$regex" &&
    carry_excluded "$path" "$next" "$regex" || return
  mv -T -- "$path" "$(side "$path")/replaced-$RUN-$2" &&
    mv -T -- "$next" "$path" && flush "$(dirname -- "$path")" "$(side "$path")" &&
    note_place replaced "$path" "$(side "$path")/replaced-$RUN-$2"
}

unbring_directory() {
  path=$(spec "$1" path)
  # What was carried over before a step died goes back, and is not removed.
  if [ -d "$path" ]; then
    carry_excluded "$(side "$path")/bring-$RUN-$2" "$path" "$(exclude_regex "$1")" || return
  fi
  unbring_path "$path" "$2"
}

# place_directory SPEC LABEL WHICH. The places of a copy have the name of the state, not its number:
# a copy outlives a change of the configuration.
place_directory() {
  path=$(spec "$1" path)
  case $3 in
    live) printf '%s\n' "$path" ;;
    rescue) printf '%s\n' "$(rescue_place "$path" "$2")" ;;
    *) beside "$3" "$path" ;;
  esac
}

# beside WHICH PATH
beside() { printf '%s/%s-%s\n' "$(side "$2")" "$1" "${2##*/}"; }

keep_directory() { keep_beside "$(spec "$1" path)"; }

# keep_beside PATH: may be repeated; a host that dies in it has no pristine copy, or a whole one.
keep_beside() {
  old=$(beside pristine "$1").old
  if [ -e "$(beside incoming "$1")" ]; then
    rm -rf -- "$old" || return
    if [ -e "$(beside pristine "$1")" ]; then mv -T -- "$(beside pristine "$1")" "$old"; fi &&
      mv -T -- "$(beside incoming "$1")" "$(beside pristine "$1")" && flush "$(side "$1")" ||
      fail "the copy of $1 could not be kept" || return
  fi
  [ -e "$(beside pristine "$1")" ] || fail "there is no copy of $1 to be kept" || return
  rm -rf -- "$old"
}

discard_directory() { discard_beside "$(spec "$1" path)"; }

discard_beside() {
  rm -rf -- "$(beside incoming "$1")" "$(beside incoming "$1").part" "$(beside pristine "$1")" \
    "$(beside pristine "$1").old" "$(beside laid "$1").part" ||
    fail "the copy of $1 could not be removed"
}

lay_directory() {
  path=$(spec "$1" path)
  pristine=$(beside pristine "$path")
  next=$(beside laid "$path").part
  [ -e "$pristine" ] || fail "there is no copy of $path here" || return
  [ ! -L "$path" ] || fail "$path is a symbolic link" || return
  [ ! -e "$path" ] || ! mounted_inside "$path" || fail "a file system is mounted inside $path" ||
    return
  # What an earlier life of this had carried over goes back first.
  [ ! -d "$next" ] || [ ! -d "$path" ] ||
    carry_excluded "$next" "$path" "$(exclude_regex "$1")" || return
  make_side "$path" && rm -rf -- "$next" && copy_tree "$pristine" "$next" || return
  if [ -d "$pristine" ]; then same_tree "$pristine" "$next"
  else cmp -s -- "$pristine" "$next"; fi ||
    fail "the copy of $pristine is not equal to it" || return
  flush_tree "$next"
  carry_excluded "$path" "$next" "$(exclude_regex "$1")" && set_aside "$path" &&
    mv -T -- "$next" "$path" || fail "$path could not be laid" || return
  flush "$(dirname -- "$path")" "$(side "$path")"
  rm -rf -- "$(beside laid "$path").old"
}

# set_aside PATH: what was here before the first copy is kept for ever, what an earlier rehearsal
# left is not.
set_aside() {
  before=$(beside before "$1")
  if [ -e "$before" ] || [ -e "$before.none" ]; then
    rm -rf -- "$(beside laid "$1").old" || return
    [ ! -e "$1" ] || mv -T -- "$1" "$(beside laid "$1").old"
  elif [ -e "$1" ]; then
    mv -T -- "$1" "$before" && flush "$(side "$1")"
  else
    : >"$before.none" && flush "$(side "$1")"
  fi
}
