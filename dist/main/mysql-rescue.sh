# shellcheck shell=sh
# The rescue copy of a database is a directory: statements, and what they were counted to be. To
# write it takes a small part of the time that a second database would take, and users are out.
# It comes back through a database of its own: only what was loaded and counted is swapped in.

mysql_rescue_place() { rescue_place "$BASE/$MY_DB" "$1"; }

rescue_mysql() {
  mysql_open "$1" || return
  my_place=$(mysql_rescue_place "$2")
  my_found=$(mysql_charset "$MY_DB") || fail "$MY_IDENTITY cannot be reached" || return
  my_size=$(mysql_size "$MY_DB") || return
  if [ "$3" = first ] && [ "$my_size" = 0 ]; then
    printf '%s\n' "$my_found" >"$RUN_DIR/no-state-$2" && flush "$RUN_DIR"
    return
  fi
  [ -n "$my_found" ] || fail "there is no database $MY_IDENTITY" || return
  mysql_alone || return
  MY_DIR=$my_place.part
  make_side "$BASE/$MY_DB" && rm -rf -- "$MY_DIR" && mkdir -m 700 -- "$MY_DIR" || return
  mysql_strangers && mysql_hold || return
  mysql_write_all "$2"
  my_status=$?
  mysql_release
  [ "$my_status" = 0 ] || return 1
  flush_tree "$MY_DIR"
  mv -T -- "$MY_DIR" "$my_place" && flush "$(side "$BASE/$MY_DB")" &&
    note_line mysql "$MY_IDENTITY" "$my_place" "$(wc -l <"$my_place/counts" | tr -d ' ')" \
      "$(du -s -k -- "$my_place" | cut -f1)"
}

# What is written while nobody else can write, so that all of it is of one instant.
mysql_write_all() {
  printf '%s\n' "$my_found" >"$MY_DIR/database"
  mysql_counts "$MY_DB" "$MY_DIR/counts" && mysql_objects "$MY_DB" >"$MY_DIR/objects" &&
    mysql_routine_grants >"$MY_DIR/grants.sql" &&
    mysql_write_tables "$MY_DB" >"$MY_DIR/tables.sql" &&
    mysql_write_objects "$MY_DB" >"$MY_DIR/objects.sql" &&
    printf -- '-- Dump completed\n' >>"$MY_DIR/tables.sql" || return
  [ "$(mysql_tables "$MY_DB" | wc -l)" = "$(wc -l <"$MY_DIR/counts")" ] &&
    [ "$(tail -n 1 "$MY_DIR/tables.sql")" = '-- Dump completed' ] ||
    fail "the rescue copy of $MY_IDENTITY is not whole" || return
}

# Rights on a routine go when it is dropped; all others are kept by name.
mysql_routine_grants() {
  mysql_ask "SELECT CONCAT('GRANT ', UPPER(REPLACE(proc_priv, 'Grant', 'GRANT OPTION')), ' ON ',
    UPPER(routine_type), ' ', $(mysql_named routine_name), ' TO ', QUOTE(user), '@', QUOTE(host),
    ';')
    FROM mysql.procs_priv WHERE db = $(mysql_text "$MY_DB") AND proc_priv <> ''" --raw \
    2>"$MY_DIR/said" || say 'rights on routines cannot be read, and are not kept' >&2
}

# mysql_strangers: sessions that are at work in the database although the application is stopped.
mysql_strangers() {
  my_name=$(mysql_text "$MY_DB")
  my_running="p.db = $my_name AND p.id <> CONNECTION_ID() AND p.command NOT IN ('Daemon')"
  my_open=$(mysql_ask "SELECT CONCAT(p.id, ' (', p.user, '@', p.host, ')')
    FROM information_schema.processlist p WHERE $my_running AND (p.command <> 'Sleep'
      OR p.id IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx))" 2>/dev/null ||
    mysql_ask "SELECT CONCAT(p.id, ' (', p.user, '@', p.host, ')')
      FROM information_schema.processlist p WHERE $my_running AND p.command <> 'Sleep'") ||
    fail "the sessions of the database server cannot be seen" || return
  [ -z "$my_open" ] ||
    fail "something still works in $MY_IDENTITY: sessions $(printf '%s' "$my_open" | tr '\n' ' ')"
}

# mysql_hold: a session that keeps everybody from writing until mysql_release, or until we die.
mysql_hold() {
  my_locks=$(mysql_tables "$MY_DB" | sed 's/$/ READ/' | paste -s -d, -) || return
  MY_HOLDER=
  [ -n "$my_locks" ] || return 0
  mkfifo -m 600 -- "$MY_DIR/hold" || fail 'no pipe could be made' || return
  exec 7<>"$MY_DIR/hold"
  # Without the end that we write to, or it would never see our end.
  (exec 7>&- && mysql_client "$MY_DB") <"$MY_DIR/hold" >"$MY_DIR/held" 2>&1 &
  MY_HOLDER=$!
  printf "SET lock_wait_timeout = %s, wait_timeout = 86400; LOCK TABLES %s; SELECT 'held';\n" \
    "$MYSQL_LOCK_SECONDS_MAX" "$my_locks" >&7
  my_tenths=$(((MYSQL_LOCK_SECONDS_MAX + 10) * 10))
  until grep -q -x held "$MY_DIR/held"; do
    if ! kill -0 "$MY_HOLDER" 2>/dev/null || [ "$my_tenths" = 0 ]; then
      mysql_release
      fail "the tables of $MY_IDENTITY cannot be locked: $(mysql_said "$(cat "$MY_DIR/held")")"
      return
    fi
    sleep 0.1
    my_tenths=$((my_tenths - 1))
  done
}

mysql_release() {
  [ -n "$MY_HOLDER" ] || return 0
  exec 7>&-
  wait "$MY_HOLDER" 2>/dev/null
  rm -f -- "$MY_DIR/hold" "$MY_DIR/held"
}

restore_mysql() {
  mysql_open "$1" || return
  if [ -e "$RUN_DIR/no-state-$2" ]; then mysql_back_to_nothing "$2"; return; fi
  my_place=$(mysql_rescue_place "$2")
  if [ -d "$my_place" ]; then
    mysql_swap_in "$my_place" "$my_place/work" "$2" f || return
    mysql_note_failed "$my_place/work" || return
    # A half-removed copy must not look like a whole one.
    rm -rf -- "$my_place.part" && mv -T -- "$my_place" "$my_place.part" || return
  else
    ! listed "$my_place" || [ -e "$RUN_DIR/swapping-$2" ] ||
      fail "the rescue copy $my_place is gone" || return
  fi
  rm -rf -- "$my_place.part"
  forget_place "$my_place"
}

# At a first deployment the undo is absence: what the release made is put aside, whole.
mysql_back_to_nothing() {
  my_place=$RUN_DIR/nothing-$1
  mkdir -p -- "$my_place" && my_size=$(mysql_size "$MY_DB") || return
  if [ "$my_size" != 0 ] || [ -e "$my_place/work/aside" ]; then
    for my_file in counts objects.sql grants.sql tables.sql; do : >"$my_place/$my_file"; done
    cp -- "$RUN_DIR/no-state-$1" "$my_place/database" || return
    [ -n "$(cat "$my_place/database")" ] || mysql_charset "$MY_DB" >"$my_place/database"
    mysql_swap_in "$my_place" "$my_place/work" "$1" f &&
      mysql_note_failed "$my_place/work" || return
  fi
  if [ -z "$(cat "$RUN_DIR/no-state-$1")" ]; then
    mysql_do "DROP DATABASE IF EXISTS $(mysql_id "$MY_DB")" || return
  fi
  rm -rf -- "$my_place"
}

mysql_note_failed() {
  my_aside=$(cat -- "$1/aside") && my_size=$(mysql_size "$my_aside") || return
  if [ "$my_size" = 0 ]; then mysql_drop "$my_aside"
  else note_failed mysql "$MY_IDENTITY" "$my_aside"; fi
}

# bring_mysql SPEC LABEL PLACE: an older rescue copy. What is there now was just rescued.
bring_mysql() {
  mysql_open "$1" || return
  [ -s "$3/counts" ] || [ -e "$3/tables.sql" ] || fail "there is no rescue copy $3" || return
  mysql_swap_in "$3" "$RUN_DIR/bring-$2" "$2" b && mysql_drop "$(cat "$RUN_DIR/bring-$2/aside")" &&
    rm -rf -- "$RUN_DIR/bring-$2"
}

# The rescue copy of this run does the work; what is half made goes away.
unbring_mysql() {
  mysql_open "$1" || return
  [ -d "$RUN_DIR/bring-$2" ] || return 0
  mysql_drop "$(mysql_ours bn "$RUN" "$2")" || return
  if [ -s "$RUN_DIR/bring-$2/aside" ] && mysql_exists "$(cat "$RUN_DIR/bring-$2/aside")"; then
    mysql_note_failed "$RUN_DIR/bring-$2" || return
  fi
  rm -rf -- "$RUN_DIR/bring-$2"
}

# drop_mysql SPEC PLACE: a rescue copy with what was loaded from it, or a database put aside.
drop_mysql() {
  mysql_open "$1" || return
  case $2 in
    */.seatrial-"$APP"/rescue-*)
      my_name=${2##*/rescue-}
      mysql_drop "$(mysql_ours fn "${my_name%-*}" "${my_name##*-}")" || return
      rm -rf -- "$2" ;;
    *_seatrial_*) mysql_drop "$2" ;;
  esac
}

# mysql_swap_in PLACE WORK LABEL LETTER: the copy takes the place of what is in the database, which
# goes to a database of its own, named in WORK/aside. May be repeated from any instant: WORK tells
# what was done, and what the server has tells the rest.
mysql_swap_in() {
  my_copy=$1 my_work=$2 my_label=$3 my_letter=$4
  mkdir -p -- "$my_work" && MY_DIR=$my_work && mysql_loaded "$my_copy" "$my_label" "$my_letter" ||
    return
  my_new=$(mysql_ours "${my_letter}n" "$RUN" "$my_label")
  swapping "$my_label"
  if [ ! -s "$my_work/aside" ]; then
    my_free=$(mysql_free_name "$my_letter" "$my_label") &&
      durable "$my_work/aside" "$my_free" || return
  fi
  my_aside=$(cat -- "$my_work/aside")
  if [ ! -e "$my_work/moves" ]; then
    my_was=$(mysql_charset "$MY_DB") || return
    [ -n "$my_was" ] || mysql_create "$MY_DB" "$my_copy/database" || return
    durable "$my_work/was" "${my_was:-$(cat -- "$my_copy/database")}" || return
    mysql_write_objects "$MY_DB" >"$my_work/aside.sql" || return
    mysql_tables "$MY_DB" >"$my_work/moves.part" && flush "$my_work/moves.part" &&
      mv -T -- "$my_work/moves.part" "$my_work/moves" && flush "$my_work" || return
  fi
  mysql_create "$MY_DB" "$my_copy/database" && mysql_create "$my_aside" "$my_work/was" &&
    mysql_strip "$MY_DB" && mysql_rename "$my_new" || return
  mysql_load "$MY_DB" <"$my_copy/objects.sql" &&
    mysql_load "$MY_DB" <"$my_copy/grants.sql" || return
  mysql_counted "$MY_DB" names "$my_copy" && mysql_drop "$my_new" && mysql_dress_aside
}

# What was put aside is whole again, events switched off. It is for a person to look at: what cannot
# be made again must not stand in the way of going back.
mysql_dress_aside() {
  mysql_strip "$my_aside" && mysql_quiet_events <"$my_work/aside.sql" |
    (# shellcheck disable=SC2317 # mysql_load asks it
    fail() { say "$my_aside lacks views, triggers or routines: $*"; }; mysql_load "$my_aside")
  return 0
}

# One statement: the server does all of it or nothing. Older servers may have done a part.
mysql_rename() {
  my_there=$(mysql_tables "$MY_DB") && my_gone=$(mysql_tables "$my_aside") &&
    my_fresh=$(mysql_tables "$1") || return
  my_live=$(mysql_id "$MY_DB")
  my_moves=$(
    while IFS= read -r my_table; do
      printf '%s\n' "$my_there" | grep -q -x -F -e "$my_table" || continue
      printf '%s\n' "$my_gone" | grep -q -x -F -e "$my_table" && continue
      printf '%s.%s TO %s.%s\n' "$my_live" "$my_table" "$(mysql_id "$my_aside")" "$my_table"
    done <"$my_work/moves"
    [ -z "$my_fresh" ] || printf '%s\n' "$my_fresh" | while IFS= read -r my_table; do
      printf '%s.%s TO %s.%s\n' "$(mysql_id "$1")" "$my_table" "$my_live" "$my_table"
    done)
  [ -z "$my_moves" ] || mysql_do "SET lock_wait_timeout = $MYSQL_LOCK_SECONDS_MAX;
    RENAME TABLE $(printf '%s\n' "$my_moves" | paste -s -d, -)"
}

# mysql_loaded COPY LABEL LETTER [RUN]: the copy as a database, its rows counted.
mysql_loaded() {
  [ ! -e "$MY_DIR/loaded" ] || return 0
  my_into=$(mysql_ours "${3}n" "${4:-$RUN}" "$2")
  mysql_drop "$my_into" && mysql_create "$my_into" "$1/database" &&
    mysql_load "$my_into" <"$1/tables.sql" && mysql_counted "$my_into" rows "$1" &&
    : >"$MY_DIR/loaded" && flush "$MY_DIR"
}

# mysql_counted DATABASE rows|names COPY
mysql_counted() {
  mysql_counts "$1" "$MY_DIR/counts" || return
  if [ "$2" = names ]; then
    [ "$(cut -f1 "$MY_DIR/counts")" = "$(cut -f1 "$3/counts")" ]
  else cmp -s -- "$MY_DIR/counts" "$3/counts"; fi ||
    fail "$1 does not have the tables and rows of the rescue copy $3"
}

# An undo that runs twice may find what an earlier one put aside.
mysql_free_name() {
  my_number=1
  while mysql_exists "$(mysql_ours "$1$my_number" "$RUN" "$2")"; do
    my_number=$((my_number + 1))
  done
  mysql_ours "$1$my_number" "$RUN" "$2"
}
