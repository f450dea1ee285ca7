# shellcheck shell=sh
# The copy of a SQLite database as it arrives on staging.

# receive_sqlite: a backup is the plain file.
receive_sqlite() {
  incoming=$(beside_database incoming "$1")
  make_side "$1" && rm -rf -- "$incoming" "$incoming.part" && mkdir -m 700 -- "$incoming.part" ||
    return
  if [ "${COPY_FROM:-live}" = backup ]; then
    cat >"$incoming.part/database" || fail 'the backup could not be written' || return
  else
    counted "$incoming.part/count" | tar -x -p -i -C "$incoming.part" ||
      fail 'the stream could not be unpacked whole' || return
    [ "$(cat "$incoming.part/end" 2>/dev/null)" = whole ] &&
      whole_records "$incoming.part/count" || fail 'the stream ended too early' || return
    rm -f -- "$incoming.part/end" "$incoming.part/count"
  fi
  # While it is read through, it comes to the disk.
  flush_tree "$incoming.part" &
  flushing=$!
  is_whole "$incoming.part/database" && merge_and_check "$incoming.part/database" &&
    looks_like "$1" "$incoming.part/database"
  status=$?
  wait "$flushing"
  [ "$status" = 0 ] || return "$status"
  flush_tree "$incoming.part"
  mv -T -- "$incoming.part" "$incoming" && flush "$(side "$1")"
}

# is_whole FILE: as many pages as its head says.
is_whole() {
  [ -f "$1" ] || fail 'there is no database in the stream' || return
  [ -s "$1" ] || return 0
  [ "$(head -c 15 -- "$1")" = 'SQLite format 3' ] || fail 'that is no SQLite database' || return
  # What is still in the log is not in the file.
  [ ! -e "$1-wal" ] || return 0
  dd if="$1" bs=1 count=100 2>/dev/null | od -An -v -tu1 | tr '\n' ' ' |
    awk -v size="$(stat -c %s -- "$1")" '
      function number(at) { return (($at * 256 + $(at+1)) * 256 + $(at+2)) * 256 + $(at+3) }
      { page = $17 * 256 + $18; if (page == 1) page = 65536
        # The head counts pages only where it was written by who counts them.
        exit number(25) == number(93) && number(29) * page != size }' ||
    fail 'the database is cut short' || return
}

# looks_like PATH COPY: a backup does not tell whose it is; what was here before does.
looks_like() {
  [ "${COPY_FROM:-live}" = backup ] || return 0
  like=$1
  [ -e "$like" ] || like=$(dirname -- "$1")
  [ "$(id -u)" != 0 ] || chown --reference="$like" -- "$2"* || return
  [ ! -f "$1" ] || chmod --reference="$1" -- "$2"*
}
