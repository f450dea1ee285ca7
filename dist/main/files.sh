# shellcheck shell=sh
# Verbs on files: unpack, link, switch, replace, hide. Each undo may run twice, or before its do.

# expect_installed SHA256|none: nobody deployed since the plan was made.
expect_installed() {
  actual=none
  [ ! -e "$BASE/installed.json" ] || actual=$(sha256sum <"$BASE/installed.json" | cut -d' ' -f1)
  [ "$actual" = "$1" ] || fail 'production was deployed since this plan was made: run it again'
}

# need_space DIRECTORY BYTES
need_space() {
  free=$(df -P -k -- "$1" | awk 'NR == 2 { print $4 }')
  [ "$((free * 1024))" -ge "$2" ] ||
    fail "no space: $1 has $((free / 1024)) MiB free, $(($2 / 1048576)) MiB are needed"
}

# unpack_release SHA256 DIRECTORY: the same bytes that were packaged, checked on this host.
unpack_release() {
  actual=$(sha256sum <"$RUN_DIR/release.tar.gz" | cut -d' ' -f1)
  [ "$actual" = "$1" ] || fail "the tarball arrived as $actual, expected $1" || return
  [ ! -e "$2" ] || keep_failed "$2" stale-release || return
  rm -rf -- "$2.part-$RUN"
  mkdir -p -- "$(dirname -- "$2")" || return
  take_unpacked "$2.part-$RUN" || unpack_to "$2.part-$RUN" ||
    fail 'the tarball could not be unpacked' || return
  flush_tree "$2.part-$RUN"
  mv -T -- "$2.part-$RUN" "$2" && flush "$(dirname -- "$2")"
}

unpack_to() {
  mkdir -m 755 -- "$1" && tar -x -z -f "$RUN_DIR/release.tar.gz" -C "$1" --strip-components=1 \
    --no-same-owner --no-same-permissions
}

# take_unpacked DIRECTORY: what was unpacked from the same bytes while they arrived.
take_unpacked() {
  [ -d "$RUN_DIR/unpacked" ] && [ "$(device "$RUN_DIR")" = "$(device "$(dirname -- "$1")")" ] &&
    mv -T -- "$RUN_DIR/unpacked" "$1"
}

# A release that never ran is removed; one that failed in the window is kept for investigation.
remove_unpacked() {
  rm -rf -- "$1.part-$RUN"
  if journal_has window; then keep_failed "$1" release; else rm -rf -- "$1"; fi
}

# link_shared RELEASE SHARED NAME: settings and uploads live beside the releases.
link_shared() {
  [ -e "$2/$3" ] || fail "$2/$3 does not exist, and the release links to it" || return
  if [ -e "$1/$3" ] && [ ! -L "$1/$3" ]; then
    fail "the release brings its own $3, which is declared as shared"
    return
  fi
  mkdir -p -- "$(dirname -- "$1/$3")" && ln -s -f -n -- "$2/$3" "$1/$3"
}

# switch_link LINK TARGET: rename(2), read back. A leftover of a dead run can not be followed.
switch_link() {
  [ ! -e "$1" ] || [ -L "$1" ] || fail "$1 is not a symbolic link" || return
  rm -rf -- "$1.new-$RUN"
  ln -s -n -- "$2" "$1.new-$RUN" && mv -f -T -- "$1.new-$RUN" "$1" && flush "$(dirname -- "$1")" ||
    fail "$1 could not be switched" || return
  [ "$(readlink -- "$1")" = "$2" ] || fail "$1 does not point to $2 after the switch"
}

# switch_back LINK TARGET|-: the link as it was; `-` where there was none.
switch_back() {
  rm -rf -- "$1.new-$RUN"
  if [ "$2" = - ]; then rm -f -- "$1"; else switch_link "$1" "$2"; fi
}

# hide PATH: nobody starts the application by its entry while the transaction is unfinished.
hide() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    mv -f -T -- "$1" "$1.closed" || fail "$1 could not be renamed away" || return
  fi
  flush "$(dirname -- "$1")"
}

unhide() {
  if [ -e "$1.closed" ] || [ -L "$1.closed" ]; then
    [ ! -e "$1" ] || [ -L "$1" ] || keep_failed "$1" intruder || return
    mv -f -T -- "$1.closed" "$1" || fail "$1 could not be renamed back" || return
  fi
  flush "$(dirname -- "$1")"
}

# stage PATH SOURCE LABEL: a copy of part of the release, or of what a rollback puts back with its
# owners, on the file system of the path it replaces.
stage() {
  [ -e "$2" ] || fail "the release has no $2" || return
  make_side "$1" && rm -rf -- "$(side "$1")/new-$RUN-$3" || return
  copy_tree "$2" "$(side "$1")/new-$RUN-$3" || return
  flush_tree "$(side "$1")"
}

unstage() { rm -rf -- "$(side "$1")/new-$RUN-$3"; }

# replace PATH - LABEL: the old tree is renamed aside whole, the staged one takes its place.
replace() {
  make_side "$1" || return
  if [ -e "$1" ] || [ -L "$1" ]; then
    will_overwrite "$3" && mv -T -- "$1" "$(side "$1")/old-$RUN-$3" && stands_aside "$3" ||
      fail "$1 could not be renamed" || return
  else
    was_absent "$3" && will_overwrite "$3" || return
  fi
  mv -T -- "$(side "$1")/new-$RUN-$3" "$1" || fail "$1 could not be replaced" || return
  flush "$(dirname -- "$1")" "$(side "$1")"
}

# copy_aside PATH - LABEL: for an installer that writes over the path by itself.
copy_aside() {
  make_side "$1" || return
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then was_absent "$3"; return; fi
  old=$(side "$1")/old-$RUN-$3
  rm -rf -- "$old.part" && copy_tree "$1" "$old.part" && same_tree "$1" "$old.part" || return
  flush_tree "$old.part"
  mv -T -- "$old.part" "$old" && flush "$(side "$1")" && stands_aside "$3"
}

# What put_back needed is back in its place by now: undo goes from the newest step to the oldest.
drop_aside() { rm -rf -- "$(side "$1")/old-$RUN-$3.part" "$(side "$1")/old-$RUN-$3"; }

stands_aside() { : >"$RUN_DIR/aside-$1" && flush "$RUN_DIR"; }

was_absent() { : >"$RUN_DIR/absent-$1" && flush "$RUN_DIR"; }

# will_overwrite LABEL: from now on undo must put the old tree back.
will_overwrite() { : >"$RUN_DIR/replacing-$1" && flush "$RUN_DIR"; }

# put_back PATH - LABEL: the undo of replace and of an installer's run.
put_back() {
  [ -e "$RUN_DIR/replacing-$3" ] || return 0
  old=$(side "$1")/old-$RUN-$3
  if [ -e "$old" ] || [ -L "$old" ]; then
    keep_failed "$1" "code-$3" && swapping "$3" && mv -T -- "$old" "$1" ||
      fail "$old could not be put back" || return
  elif [ -e "$RUN_DIR/aside-$3" ]; then
    was_swapped "$1" "$3" || fail "the old $1, kept as $old, is gone" || return
  elif [ -e "$RUN_DIR/absent-$3" ]; then
    keep_failed "$1" "code-$3" || return
  fi
  flush "$(dirname -- "$1")"
}

# digest_code PATH…: what a hand-made installation consists of, as one digest for the record.
digest_code() {
  : >"$RUN_DIR/code-sums" || return
  for path in "$@"; do
    real=$(readlink -f -- "$path") && [ -e "$real" ] || fail "$path is not there" || return
    (cd -- "$(dirname -- "$real")" && find "./${real##*/}" -type f -print0 >"$RUN_DIR/code-files" &&
      sort -z <"$RUN_DIR/code-files" | xargs -0 -r sha256sum >>"$RUN_DIR/code-sums") ||
      fail "$path could not be read" || return
  done
  sha256sum <"$RUN_DIR/code-sums" | cut -d' ' -f1 >"$RUN_DIR/code-digest"
  flush "$RUN_DIR/code-digest"
}

# record TEXT: what serves now, and the history that rollback goes by.
record() {
  text=$(printf '%s' "$1" | sed -e "s/@TIME@/$(date -u +%Y-%m-%dT%H:%M:%SZ)/" \
    -e "s/@CODE@/$(cat "$RUN_DIR/code-digest" 2>/dev/null)/")
  mkdir -p -- "$BASE/history" || return
  [ -e "$BASE/history/$RUN.json" ] || durable "$BASE/history/$RUN.json" "$text" || return
  durable "$BASE/installed.json" "$text"
}
