# shellcheck shell=sh
# A directory on staging: the stream of directory-copy.sh arrives, and may be taken up again.

# receive_directory: an interrupted copy leaves what it has brought; with COPY_RESUME it goes on.
receive_directory() {
  path=$(spec "$1" path)
  part=$(beside incoming "$path").part
  make_side "$path" && rm -rf -- "$(beside incoming "$path")" || return
  [ -n "${COPY_RESUME:-}" ] || rm -rf -- "$part"
  (umask 077 && mkdir -p -- "$part/meta" "$part/tree") && rm -f -- "$part/meta/end" || return
  if [ "${COPY_FROM:-live}" = backup ]; then unpack_plain || return
  else
    unpack_when_it_comes || fail 'the stream could not be unpacked whole' || return
    [ "$(cat "$part/meta/end" 2>/dev/null)" = whole ] && whole_records "$part/meta/count" ||
      fail 'the stream ended too early' || return
    if [ -f "$part/meta/single" ]; then
      rm -rf -- "$part/tree" && mv -T -- "$part/meta/single" "$part/tree" || return
    else
      settle_tree || return
    fi
    told_owners || return
  fi
  flush_tree "$part"
  mv -T -- "$part/tree" "$(beside incoming "$path")" && flush "$(side "$path")" && rm -rf -- "$part"
}

# What the try before has brought is told meanwhile (known_directory), and production sends once it
# knows all of that: until the first bytes come, the names of that try must stand.
unpack_when_it_comes() {
  if [ -z "${COPY_RESUME:-}" ]; then unpack_counted; return; fi
  head -c 512 >"$part/meta/first" && cat -- "$part/meta/first" - | unpack_counted
}

# In the order of bytes `a-b` stands between `a` and `a/c`: the times of `a` are set at the end.
unpack_counted() {
  counted "$part/meta/count" | tar -x -v -p --ignore-zeros --delay-directory-restore --xattrs \
    --xattrs-include='*' --acls -C "$part" >"$part/meta/names"
}

# A backup of this kind is a plain archive of what is in the directory.
unpack_plain() {
  tar -x -p --xattrs --xattrs-include='*' --acls -C "$part/tree" ||
    fail 'the archive from the backup could not be unpacked whole'
}

# settle_tree: takes away what went away meanwhile, and compares all with what was there.
settle_tree() {
  (cd -- "$part/tree" && find . -print0 | sort -z >../meta/here &&
    sort -z -o ../meta/paths ../meta/paths && comm -z -23 ../meta/here ../meta/paths |
      xargs -0 -r rm -rf --) || fail 'what vanished meanwhile could not be removed' || return
  [ ! -s "$part/meta/directories.tar" ] ||
    tar -x -p --xattrs --xattrs-include='*' --acls -C "$part/tree" \
      -f "$part/meta/directories.tar" ||
    fail 'the directories could not be set' || return
  directory='%p\td %m 0 %T@ %C@ %i %U %G\0'
  # The sender did not look at the times of directories (list_state).
  ! grep -z -q -x -e "\.${TAB}d [0-7]* 0 0" "$part/meta/listing" ||
    directory='%p\td %m 0 0 0 %i %U %G\0'
  (cd -- "$part/tree" && find . \( -type d -printf "$directory" -o \
    -printf '%p\t%y %m %s %T@ %C@ %i %U %G\0' \)) >"$part/meta/found.raw" || return
  must_be "$part/meta/found.raw" | sort -z >"$part/meta/found"
  sort -z -o "$part/meta/listing" "$part/meta/listing"
  cmp -s "$part/meta/found" "$part/meta/listing" ||
    fail "the copy of $path is not what was sent: $(comm -z -3 "$part/meta/found" \
      "$part/meta/listing" | head -z -n 2 | tr '\0\n\t' '; ~')"
}

told_owners() {
  me=$(id -un)
  if [ "$(id -u)" != 0 ]; then
    ! grep -q -v -x -e "user $me" -e 'group .*' "$part/meta/owners" ||
      say_aside "$path: all of the copy belongs to $me, who is not root"
    return
  fi
  while read -r what name; do
    database=$what
    [ "$what" = group ] || database=passwd
    getent "$database" "$name" >/dev/null || case $name in
      *[!0-9]*) say_aside "$path: no $what $name here; its files keep their number" ;;
    esac
  done <"$part/meta/owners"
}

# known_directory SPEC LABEL: what an interrupted copy has brought whole, for the next try. The
# names came in the order of the listing; of the last ones it is not known whether they are whole.
known_directory() {
  part=$(beside incoming "$(spec "$1" path)").part
  [ -s "$part/meta/before" ] && [ -s "$part/meta/names" ] && [ -e "$part/meta/hot" ] || return 0
  count=$(($(grep -c '^tree' "$part/meta/names") - 2))
  [ "$count" -gt 0 ] || count=0
  {
    comm -z -23 "$part/meta/before" "$part/meta/changed"
    head -z -n "$count" "$part/meta/changed"
  } | sort -z | comm -z -23 - "$part/meta/hot"
}
