# shellcheck shell=sh disable=SC2034,SC2153,SC2154 # other parts share them
# Nothing of production is left on staging: verbs of `rehearse --forget`. Each may be repeated. What
# was there before the first copy comes back, where it was moved aside.

# forget_state KIND SPEC LABEL
forget_state() { "discard_$1" "$2" "$3" && "unlay_$1" "$2"; }

# unlay_directory SPEC: by the mark that lay_directory leaves. What is excluded belongs to others.
unlay_directory() {
  path=$(spec "$1" path)
  before=$(beside before "$path")
  if [ -e "$before" ]; then
    carry_excluded "$path" "$before" "$(exclude_regex "$1")" && rm -rf -- "$path" &&
      mv -T -- "$before" "$path"
  elif [ -e "$before.none" ]; then
    rm -rf -- "$path" && rm -f -- "$before.none"
  fi || fail "$path could not be removed" || return
  rm -rf -- "$(beside laid "$path").old" "$(beside laid "$path").part"
  [ ! -d "$(side "$path")" ] || flush "$(side "$path")"
}

unlay_sqlite() {
  before=$(beside_database before "$1")
  [ -d "$before" ] || return 0
  if [ ! -e "$before/back" ]; then
    rm -f -- "$1" && rm -f -- "$1-journal" "$1-wal" "$1-shm" && : >"$before/back" ||
      fail "$1 could not be removed" || return
  fi
  for suffix in -journal -wal -shm ''; do
    [ ! -e "$before/database$suffix" ] || mv -T -- "$before/database$suffix" "$1$suffix" || return
  done
  rm -rf -- "$before" "$(beside_database laid "$1").part"
}

unlay_postgres() {
  pg_open "$1"
  if pg_exists "$PG_DB" && pg_marked; then pg_drop "$PG_DB" || return; fi
  aside=$(pg_named "$PG_DB" before_seatrial)
  if pg_exists "$aside" && ! pg_exists "$PG_DB"; then
    pg_close "$aside" all && pg_rename "$PG_DB" "$(pg_named "$PG_DB" replaced)" "$aside" &&
      pg_reopen "$PG_DB"
  fi
}

# What was there before stays aside: its name is told when it is moved there.
unlay_mysql() {
  mysql_open "$1" || return
  [ ! -e "$(mysql_kept).before" ] || mysql_do "DROP DATABASE IF EXISTS $(mysql_id "$MY_DB")"
}

unlay_zodb() {
  zodb_open "$1"
  zodb_stopped || return
  for zo_path in "$ZO_PATH" "$ZO_PATH.index" "$ZO_PATH.tmp" "$ZO_PATH.old" \
    "$(zodb_part blobs)" "$(zodb_part archive)"; do
    [ -n "$zo_path" ] || continue
    zo_aside=$(zodb_beside before "$zo_path")
    if [ -e "$zo_aside" ]; then
      rm -rf -- "$zo_aside.done" "$zo_path" && mv -T -- "$zo_aside" "$zo_path" || return
    elif [ -e "$zo_aside.done" ]; then
      rm -rf -- "$zo_path" && rm -f -- "$zo_aside.done" || return
    fi
  done
}

unlay_command() {
  co_aside=$(command_place before "$(spec "$1" name)")
  [ -d "$co_aside" ] || return 0
  command_must "$1" restore "$co_aside" && rm -rf -- "$co_aside"
}

# forget_releases DIRECTORY: those that were laid; and the link, where it leads nowhere now.
forget_releases() {
  for release in "$1"/releases/*; do
    [ ! -d "$release" ] || unlay_directory "$release" || return
  done
  [ -e "$1/current" ] || rm -f -- "$1/current"
}

# forget_kept: rescue copies, failed bundles, and what every run but this one wrote down.
forget_kept() {
  (KEEP_RESCUES=0 KEEP_FAILED=0 RELEASES='' && housekeeping) || return
  for run in "$BASE"/runs/*; do [ "$run" = "$RUN_DIR" ] || rm -rf -- "$run"; done
  rm -rf -- "$BASE/overlay" "$BASE/rehearsals" "$BASE/installed.json" ||
    fail "$BASE could not be emptied"
}
