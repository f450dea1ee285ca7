# shellcheck shell=sh
# A PostgreSQL database: rescue and restore, bring and unbring, drop.

pg_rescue_name() { pg_named "$PG_DB" "rescue_${RUN}_$1"; }

# rescue_postgres SPEC LABEL FIRST: while it is copied nobody can connect. Only sessions that do
# nothing are ended: who still works in it now is an intruder, and named.
rescue_postgres() {
  pg_open "$1"
  place=$(pg_rescue_name "$2")
  pg_end_orphans || return
  if ! pg_exists "$PG_DB"; then
    [ "$3" = first ] || fail "there is no database $PG_DB" || return
    : >"$RUN_DIR/no-state-$2" && flush "$RUN_DIR"
    return
  fi
  pg_drop "$place" || return
  if ! { pg_close "$PG_DB" idle && pg_copy_database "$PG_DB" "$place"; }; then
    pg_reopen "$PG_DB"
    return 1
  fi
  mv -f -- "$RUN_DIR/pg-settings-from" "$RUN_DIR/pg-settings-$2" && flush "$RUN_DIR" || return
  pg_reopen "$PG_DB" && pg_prove "$PG_DB" "$place" || return
  note_line postgres "$PG_IDENTITY" "$place" "$pg_rows" "$pg_kilobytes"
}

# pg_prove DATABASE COPY: opened, and every table counted in both. Sets pg_rows and pg_kilobytes.
pg_prove() {
  pg_counts "$1" >"$RUN_DIR/pg-counts-live" &
  pg_counts "$2" >"$RUN_DIR/pg-counts-copy" || fail "the rescue copy $2 cannot be read" || return
  wait "$!" || fail "the tables of $1 cannot be counted" || return
  cmp -s -- "$RUN_DIR/pg-counts-live" "$RUN_DIR/pg-counts-copy" ||
    fail "the rescue copy $2 has other rows than $1: does something still write to it?" || return
  pg_rows=$(awk -F'\t' '{ rows += $2 } END { printf "%.0f", rows }' "$RUN_DIR/pg-counts-copy")
  pg_kilobytes=$(printf 'select pg_database_size(current_database()) / 1024' | pg_sql "$2") ||
    fail "the rescue copy $2 cannot be read"
}

# pg_counts DATABASE: TABLE TAB ROWS. With row security that cannot be passed it fails.
pg_counts() {
  pg_sql "$1" <<'SQL'
set row_security = off;
set lock_timeout = '10s';
select format('select %L, count(*) from only %s', oid::regclass, oid::regclass)
from pg_class where relkind in ('r', 'm') and relpersistence <> 't'
  and (relkind = 'r' or relispopulated) and relnamespace <> 'information_schema'::regnamespace
  and relnamespace <> 'pg_catalog'::regnamespace and relnamespace <> 'pg_toast'::regnamespace
order by oid \gexec
select 'large objects', count(*) from pg_largeobject_metadata;
SQL
}

# restore_postgres SPEC LABEL: what failed is renamed and kept, the copy takes its name, and both
# happen or none. Safe to run again from anywhere; without a copy: what was before.
restore_postgres() {
  pg_open "$1"
  place=$(pg_rescue_name "$2")
  pg_end_orphans || return
  if [ -e "$RUN_DIR/no-state-$2" ]; then
    ! pg_exists "$PG_DB" || pg_swap "$2" ''
    return
  fi
  if ! listed "$place"; then
    pg_reopen "$PG_DB" && pg_drop "$place"
    return
  fi
  if pg_exists "$place"; then
    swapping "$2" && pg_swap "$2" "$place" || return
  elif ! [ -e "$RUN_DIR/swapping-$2" ] || ! pg_exists "$PG_DB"; then
    fail "the rescue copy $place is gone"
    return
  fi
  pg_reopen "$PG_DB" "$(cat "$RUN_DIR/pg-failed-$2" 2>/dev/null)" || return
  cp -- "$RUN_DIR/pg-settings-$2" "$RUN_DIR/pg-settings-from" &&
    pg_settings "$PG_DB" >"$RUN_DIR/pg-settings-to" && pg_same_settings "the original" "$PG_DB" ||
    return
  forget_place "$place"
}

# pg_swap LABEL COPY: the name under which the failed one is kept is on the disk before it has it.
pg_swap() {
  failed=$(pg_free_name "$(pg_named "$PG_DB" "failed_${RUN}_$1")") || return
  printf '%s' "$failed" >"$RUN_DIR/pg-failed-$1" && flush "$RUN_DIR/pg-failed-$1" || return
  if pg_exists "$PG_DB"; then
    note_failed postgres "$PG_IDENTITY" "$failed" && pg_close "$PG_DB" all || return
  fi
  [ -z "$2" ] || pg_close "$2" all || return
  pg_rename "$PG_DB" "$failed" "$2" && pg_reopen "$failed"
}

# pg_rename LIVE ASIDE COPY: LIVE, if there is one, becomes ASIDE, and COPY becomes LIVE.
pg_rename() {
  pg_act "$1 could not be swapped" "$PG_MAINT" live="$1" aside="$2" copy="$3" <<'SQL'
begin;
select format('alter database %I rename to %I', datname, :'aside')
from pg_database where datname = :'live' \gexec
select format('alter database %I rename to %I', :'copy', :'live') where :'copy' <> '' \gexec
commit;
SQL
}

# bring_postgres SPEC LABEL PLACE: a copy of an older rescue copy takes the place of the database,
# whose own rescue copy was just made and proven: so what is replaced need not be kept twice.
bring_postgres() {
  pg_open "$1"
  pg_end_orphans && listed "$(pg_rescue_name "$2")" ||
    fail "$PG_DB has no rescue copy of this run" || return
  pg_exists "$3" || fail "the rescue copy $3 is gone" || return
  brought=$(pg_named "$PG_DB" "bring_${RUN}_$2") aside=$(pg_named "$PG_DB" "replaced_${RUN}_$2")
  pg_drop "$brought" && pg_drop "$aside" || return
  if ! { pg_close "$3" all && pg_copy_database "$3" "$brought"; }; then
    pg_reopen "$3"
    return 1
  fi
  pg_reopen "$3" && pg_prove "$3" "$brought" || return
  pg_close "$PG_DB" all && pg_close "$brought" all && pg_rename "$PG_DB" "$aside" "$brought" &&
    pg_reopen "$PG_DB" && pg_drop "$aside"
}

# The restore that follows swaps the rescue copy of this run back.
unbring_postgres() {
  pg_open "$1"
  pg_end_orphans && listed "$(pg_rescue_name "$2")" || return 0
  pg_drop "$(pg_named "$PG_DB" "bring_${RUN}_$2")" &&
    pg_drop "$(pg_named "$PG_DB" "replaced_${RUN}_$2")" && pg_reopen "$PG_DB"
}

# drop_postgres SPEC PLACE: a name is read from a list; only one that we give is ever removed.
drop_postgres() {
  pg_open "$1"
  case $2 in
    *_rescue_*Z-*_state* | *_failed_*Z-*_state*) pg_drop "$2" ;;
    *) fail "$2 is no database that Seatrial made" ;;
  esac
}
