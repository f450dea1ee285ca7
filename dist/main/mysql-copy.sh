# shellcheck shell=sh disable=SC2030,SC2031 # a lane has a directory of its own
# A copy of a database for a rehearsal: statements, read in one transaction. On staging there are
# two databases for copies in turn, NAME_seatrial_copy_a and _b; a file tells which is pristine.

copy_mysql() {
  mysql_open "$1" || return
  MY_DIR=$SCRATCH/mysql
  mkdir -p -- "$MY_DIR" && my_charset=$(mysql_charset "$MY_DB") ||
    fail "$MY_IDENTITY cannot be reached" || return
  [ -n "$my_charset" ] || fail "there is no database $MY_IDENTITY" || return
  [ -z "$(spec "$1" reads)" ] || mysql_tell_standby
  mysql_one_instant && mysql_objects "$MY_DB" >"$MY_DIR/before" || return
  printf 'ALTER DATABASE CHARACTER SET %s COLLATE %s;\n' "${my_charset% *}" "${my_charset#* }"
  mysql_write_tables "$MY_DB" --single-transaction && mysql_write_objects "$MY_DB" &&
    mysql_objects "$MY_DB" >"$MY_DIR/after" || return
  cmp -s -- "$MY_DIR/before" "$MY_DIR/after" ||
    fail "the schema of $MY_IDENTITY was changed while it was copied; run it again" || return
  mysql_loose_still || return
  printf -- '-- Server %s\n' "$(mysql_ask 'SELECT VERSION()')"
  sed 's/^/-- Object /' "$MY_DIR/after" && printf -- '-- Dump completed\n'
}

# A standby that no longer follows has data of some other day. Who may not ask is told nothing.
mysql_tell_standby() {
  my_follows=$(mysql_ask 'SHOW REPLICA STATUS\G' --column-names 2>/dev/null ||
    mysql_ask 'SHOW SLAVE STATUS\G' --column-names 2>/dev/null) || return 0
  if [ -z "$my_follows" ]; then
    printf '%s follows no other server: its data may be of any day\n' "$MY_IDENTITY" >&2
    return
  fi
  printf '%s\n' "$my_follows" | AT=$MY_IDENTITY awk -F': ' '
    $1 ~ /(Slave|Replica)_(IO|SQL)_Running$/ && $2 != "Yes" { stopped = 1 }
    $1 ~ /Seconds_Behind_(Master|Source)$/ { behind = $2 }
    END {
      if (stopped) print ENVIRON["AT"] " no longer follows its primary server"
      else if (behind > 60) print ENVIRON["AT"] " is " behind " seconds behind its primary server"
    }' >&2
}

# Tables that no transaction covers are torn while others write. What is in memory is lost at each
# start of the server anyway: no application relies on it.
mysql_one_instant() {
  MY_LOOSE=$(mysql_ask "SELECT $(mysql_named table_name), engine FROM information_schema.tables
    WHERE table_schema = $(mysql_text "$MY_DB") AND table_type NOT IN ('VIEW', 'SEQUENCE')
      AND engine NOT IN ('MEMORY', 'BLACKHOLE') AND engine NOT IN
      (SELECT engine FROM information_schema.engines WHERE transactions = 'YES')" --raw) ||
    fail "the tables of $MY_IDENTITY cannot be listed" || return
  [ -n "$MY_LOOSE" ] || return 0
  my_tables=$(printf '%s\n' "$MY_LOOSE" | awk -F'\t' '{ printf "%s%s (%s)", s, $1, $2; s = ", " }')
  [ "$(mysql_ask 'SELECT @@global.read_only')" = 1 ] ||
    fail "$MY_IDENTITY has tables that cannot be copied at one instant while others write:\
 $my_tables. Make them InnoDB, or take the copy from a backup or from a read-only standby" || return
  MY_LOOSE_WAS=$(mysql_checksums)
}

mysql_checksums() {
  mysql_ask "CHECKSUM TABLE $(printf '%s\n' "$MY_LOOSE" | cut -f1 | paste -s -d, -)" "$MY_DB"
}

mysql_loose_still() {
  [ -n "$MY_LOOSE" ] || return 0
  [ "$(mysql_checksums)" = "$MY_LOOSE_WAS" ] ||
    fail "tables of $MY_IDENTITY were written while they were copied: $(printf '%s' "$MY_LOOSE" |
      cut -f1 | tr '\n' ' ')"
}

# The file that names the pristine copy of this state, and the one that says what has come in whole.
mysql_kept() {
  printf '%s/copies/mysql-%s' "$BASE" "$(printf '%s' "$MY_IDENTITY" | cksum | tr ' ' -)"
}

mysql_copy_name() {
  case $(cat -- "$(mysql_kept)" 2>/dev/null)$1 in
    apristine | bincoming) mysql_ours copy_a ;;
    bpristine | aincoming | incoming) mysql_ours copy_b ;;
    *) fail "staging keeps no copy of $MY_IDENTITY" ;;
  esac
}

mysql_work() {
  MY_DIR=${SCRATCH:-$RUN_DIR}/mysql-$1
  rm -rf -- "$MY_DIR" && mkdir -p -- "$MY_DIR" "$BASE/copies"
}

receive_mysql() {
  mysql_open "$1" && mysql_work receive || return
  my_incoming=$(mysql_copy_name incoming) && rm -f -- "$(mysql_kept).incoming" &&
    mysql_drop "$my_incoming" && mysql_do "CREATE DATABASE $(mysql_id "$my_incoming")" || return
  mysql_filter "$MY_DB" | mysql_load "$my_incoming"
  my_status=$?
  if [ "$my_status" != 0 ] || ! mysql_came_whole || ! mysql_settle "$my_incoming"; then
    mysql_drop "$my_incoming"
    return 1
  fi
  durable "$(mysql_kept).incoming" "${my_incoming##*_}"
}

# mysql_filter DATABASE: passes a dump on, events switched off, and notes what it ends with. One
# that names a database of its own would be loaded over that one.
mysql_filter() {
  mysql_quiet_events | mysql_unname "$1" | sed -n -e "\$w $MY_DIR/last" \
    -e "/^-- Object /w $MY_DIR/expected" -e "/^-- Server /w $MY_DIR/server" \
    -e "/^\(USE \|CREATE DATABASE \)/{w $MY_DIR/elsewhere
Q}" -e '/^-- Object /!p'
}

mysql_came_whole() {
  [ ! -s "$MY_DIR/elsewhere" ] || fail "the dump names a database itself:\
 $(cat "$MY_DIR/elsewhere"). Make it without --databases" || return
  [ -s "$MY_DIR/last" ] && [ -z "$(tail -c 1 "$MY_DIR/last")" ] &&
    grep -q -e '^-- Dump completed' "$MY_DIR/last" ||
    fail 'the copy did not come whole: its last line is not there' || return
}

# mysql_settle DATABASE: what has come is what was sent, no event fires, and the optimizer knows it.
mysql_settle() {
  my_events=$(mysql_ask "SELECT COUNT(*) FROM information_schema.events
    WHERE event_schema = $(mysql_text "$1") AND status = 'ENABLED'")
  [ "$my_events" = 0 ] || fail "an event of the copy would fire on staging" || return
  if [ -s "$MY_DIR/expected" ]; then
    sed 's/^-- Object //' "$MY_DIR/expected" >"$MY_DIR/sent"
    mysql_objects "$1" | grep -v -e '^grant' >"$MY_DIR/came"
    my_other=$(grep -v -e '^grant' "$MY_DIR/sent" | diff -- - "$MY_DIR/came" | grep -e '^[<>]' |
      head -n 1)
    if [ -n "$my_other" ]; then
      # Another version writes defaults and collations in other words.
      [ "$(mysql_ask 'SELECT VERSION()')" != "$(sed 's/^-- Server //' "$MY_DIR/server")" ] ||
        fail "the schema of the copy is not what was sent: $my_other" || return
      printf 'the schema of the copy is told otherwise here: %s\n' "$my_other" >&2
    fi
  fi
  mysql_tell_definers "$1"
  mysql_analyze "$1"
}

# A view or a routine of a user who is not there fails when it is used.
mysql_tell_definers() {
  my_name=$(mysql_text "$1")
  my_missing=$(mysql_ask "SELECT DISTINCT d.definer FROM (
      SELECT definer FROM information_schema.triggers WHERE trigger_schema = $my_name
      UNION SELECT definer FROM information_schema.views WHERE table_schema = $my_name
      UNION SELECT definer FROM information_schema.routines WHERE routine_schema = $my_name
      UNION SELECT definer FROM information_schema.events WHERE event_schema = $my_name) d
    WHERE d.definer NOT IN (SELECT CONCAT(user, '@', host) FROM mysql.user)" 2>/dev/null) ||
    return 0
  [ -z "$my_missing" ] || printf 'views or routines of %s belong to users that are not here: %s\n' \
    "$MY_IDENTITY" "$(printf '%s' "$my_missing" | tr '\n' ' ')" >&2
}

mysql_analyze() {
  mysql_made "SELECT CONCAT('ANALYZE NO_WRITE_TO_BINLOG TABLE ',
      GROUP_CONCAT($(mysql_named table_name)), ';') FROM information_schema.tables
    WHERE table_schema = $(mysql_text "$1") AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
    GROUP BY table_name" "$1"
}

keep_mysql() {
  mysql_open "$1" || return
  my_mark=$(mysql_kept)
  [ -s "$my_mark.incoming" ] || fail "no copy of $MY_IDENTITY has come in whole" || return
  durable "$my_mark" "$(cat -- "$my_mark.incoming")" && my_old=$(mysql_copy_name incoming) &&
    mysql_drop "$my_old" && rm -f -- "$my_mark.incoming"
}

discard_mysql() {
  mysql_open "$1" || return
  my_mark=$(mysql_kept)
  rm -f -- "$my_mark" "$my_mark.incoming" && mysql_drop "$(mysql_ours copy_a)" &&
    mysql_drop "$(mysql_ours copy_b)"
}

place_mysql() {
  mysql_open "$1" || return
  case $3 in
    live) printf '%s\n' "$MY_DB" ;;
    rescue) mysql_rescue_place "$2" && echo ;;
    *) mysql_copy_name "$3" && echo ;;
  esac
}

lay_mysql() {
  mysql_open "$1" && mysql_work lay || return
  my_pristine=$(mysql_copy_name pristine) && mysql_exists "$my_pristine" ||
    fail "staging keeps no copy of $MY_IDENTITY" || return
  mysql_charset "$my_pristine" >"$MY_DIR/database" && mysql_before || return
  mysql_do "DROP DATABASE IF EXISTS $(mysql_id "$MY_DB")" &&
    mysql_create "$MY_DB" "$MY_DIR/database" && mysql_fill "$my_pristine" "$MY_DB"
}

# What was there before the first time is moved aside, once; from then on it is ours to drop.
mysql_before() {
  [ ! -e "$(mysql_kept).before" ] || return 0
  my_place=$BASE/copies/mysql-before
  mkdir -p -- "$my_place/work" && my_size=$(mysql_size "$MY_DB") || return
  if [ "$my_size" != 0 ] || [ -e "$my_place/work/moves" ]; then
    for my_file in counts objects.sql grants.sql tables.sql; do : >"$my_place/$my_file"; done
    cp -- "$MY_DIR/database" "$my_place/database" &&
      durable "$my_place/work/aside" "$(mysql_ours before)" &&
      mysql_swap_in "$my_place" "$my_place/work" before l || return
    MY_DIR=${SCRATCH:-$RUN_DIR}/mysql-lay
  fi
  durable "$(mysql_kept).before" yes && rm -rf -- "$my_place"
}

# mysql_fill FROM TO: rows go from table to table within the server, some tables at once.
mysql_fill() {
  my_from=$1 my_to=$2
  mysql_without "$1" "table_type = 'VIEW'" --compact --no-data --skip-triggers \
    >"$MY_DIR/schema.sql" &&
    mysql_defer_keys "$MY_DIR/keys.sql" <"$MY_DIR/schema.sql" >"$MY_DIR/bare.sql" &&
    mysql_load "$2" <"$MY_DIR/bare.sql" && mysql_fill_rows && mysql_fill_history &&
    mysql_load "$2" <"$MY_DIR/keys.sql" &&
    mysql_write_objects "$1" >"$MY_DIR/objects.sql" || return
  mysql_quiet_events <"$MY_DIR/objects.sql" | mysql_load "$2" && mysql_analyze "$2"
}

mysql_fill_rows() {
  mysql_ask "SET SESSION group_concat_max_len = 1000000;
    SELECT CONCAT('INSERT INTO ', $(mysql_named t.table_name), ' (', c.names, ') SELECT ', c.names,
      ' FROM ', '$(mysql_id "$my_from")', '.', $(mysql_named t.table_name), ';')
    FROM information_schema.tables t JOIN (SELECT table_name, GROUP_CONCAT(
        $(mysql_named column_name) ORDER BY ordinal_position) AS names
      FROM information_schema.columns WHERE table_schema = $(mysql_text "$my_from")
        AND IFNULL(generation_expression, '') = '' GROUP BY table_name) c
      ON c.table_name = t.table_name
    WHERE t.table_schema = $(mysql_text "$my_from") AND t.table_type = 'BASE TABLE'
    ORDER BY t.data_length DESC" --raw >"$MY_DIR/rows.sql" || return
  my_lanes=$(nproc 2>/dev/null || echo 2)
  [ "$my_lanes" -le 4 ] || my_lanes=4
  awk -v lanes="$my_lanes" -v to="$MY_DIR/lane" \
    '{ print >(to (NR - 1) % lanes) }' "$MY_DIR/rows.sql" || return
  my_waits=
  for my_lane in "$MY_DIR"/lane?; do
    [ -e "$my_lane" ] || continue
    (MY_DIR=$my_lane.work && mkdir -p -- "$MY_DIR" && mysql_load "$my_to" <"$my_lane") &
    my_waits="$my_waits $!"
  done
  my_status=0
  for my_wait in $my_waits; do wait "$my_wait" || my_status=1; done
  return "$my_status"
}

# Rows of the past can only be written by the program that dumps.
mysql_fill_history() {
  mysql_ask "SELECT table_name FROM information_schema.tables WHERE table_schema =
    $(mysql_text "$my_from") AND table_type = 'SYSTEM VERSIONED'" --raw >"$MY_DIR/history" || return
  set --
  while IFS= read -r my_line; do set -- "$@" "$my_line"; done <"$MY_DIR/history"
  [ $# != 0 ] || return 0
  mysql_dump --compact --no-create-info --skip-triggers --no-autocommit --dump-history \
    "$my_from" "$@" \
    >"$MY_DIR/history.sql" && mysql_load "$my_to" <"$MY_DIR/history.sql"
}
