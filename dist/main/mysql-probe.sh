# shellcheck shell=sh
# What can be known of a database before anything is done: read-only, also with few rights.

probe_mysql() {
  my_label=$2
  # What is missing is a fact here, not the end.
  my_fix='Install the client of MariaDB or MySQL on the host.'
  fail() {
    mysql_problem "$*" "$my_fix"
    return 1
  }
  mysql_open "$1" && mysql_option_file || return 0
  my_fix='Look at what the database server says.'
  my_answer=$(mysql_ask "SELECT VERSION()" 2>&1) || {
    mysql_problem "the database $MY_IDENTITY cannot be reached: $(mysql_said "$my_answer")" \
      'Look at host, port, user, as and defaults-file of the state, and at the account.'
    return 0
  }
  mysql_server "$my_answer"
  my_size=$(mysql_ask "SELECT IFNULL(SUM(data_length + index_length), 0)
    FROM information_schema.tables WHERE table_schema = $(mysql_text "$MY_DB")")
  mysql_fact bytes "$my_size"
  mysql_fact free "$(mysql_free)"
  [ "${#MY_DB}" -le "$MYSQL_NAME_MAX" ] || mysql_problem "the name $MY_DB is longer than\
 $MYSQL_NAME_MAX characters" 'Names of copies are made of it: give the database a shorter name.'
  if [ -z "$(mysql_charset "$MY_DB")" ]; then
    mysql_fact exists no
    return 0
  fi
  # A standby is read, and neither copied on nor renamed.
  [ -z "$(spec "$1" reads)" ] || MYSQL_READS=only
  mysql_rights
  mysql_shape
  return 0
}

mysql_fact() { told_of "$my_label" "$1" "$2"; }
mysql_problem() { mysql_fact problem "$(printf '%s' "$1" | tr '\t\n' '  ')$TAB$2"; }

# A password that others can read is none.
mysql_option_file() {
  [ -n "$MY_DEFAULTS" ] || return 0
  my_mode=$(stat -L -c %a -- "$MY_DEFAULTS" 2>/dev/null) || {
    mysql_problem "$MY_DEFAULTS is not there, or cannot be seen" \
      'Make the option file on the host, of the user that runs the client, with mode 0600.'
    return 1
  }
  case $my_mode in
    *00) ;;
    *) mysql_problem "$MY_DEFAULTS can be read by others (mode $my_mode)" \
      "Take their rights away: chmod 600 $MY_DEFAULTS"
      return 1 ;;
  esac
}

mysql_server() {
  case $1 in *MariaDB*) mysql_fact parity:server "MariaDB ${1%%-*}" ;;
    *) mysql_fact parity:server "MySQL ${1%%-*}" ;; esac
  for my_variable in character_set_server collation_server lower_case_table_names sql_mode \
    time_zone innodb_page_size innodb_default_row_format innodb_file_per_table innodb_strict_mode \
    default_storage_engine explicit_defaults_for_timestamp max_allowed_packet \
    innodb_buffer_pool_size innodb_flush_log_at_trx_commit; do
    printf "SELECT CONCAT(variable_name, '\t', variable_value) FROM %s.global_variables
      WHERE variable_name = '%s';\n" "$(case $1 in
        *MariaDB*) echo information_schema ;; *) echo performance_schema ;; esac)" "$my_variable"
  done | mysql_client --raw 2>/dev/null | while IFS=$TAB read -r my_variable my_value; do
    mysql_fact "parity:$(printf '%s' "$my_variable" | tr '[:upper:]' '[:lower:]')" "$my_value"
  done
}

# Where rescue copies go, and where the server keeps databases if that is this host.
mysql_free() {
  my_directory=${BASE:-/var/lib/seatrial}
  while [ ! -e "$my_directory" ]; do my_directory=$(dirname -- "$my_directory"); done
  my_data=
  case $MY_HOST in '' | localhost | 127.*) my_data=$(mysql_ask 'SELECT @@datadir') ;; esac
  for my_place in "$my_directory" ${my_data:+"$my_data"}; do
    df -P -k -- "$my_place" 2>/dev/null | awk 'NR == 2 { print $4 * 1024 }'
  done | sort -n | head -n 1
}

# Everything that copying, going back and swapping ask for, on the database and on those of ours.
MYSQL_READS=
MYSQL_RIGHTS='SELECT INSERT CREATE DROP ALTER INDEX REFERENCES TRIGGER EVENT
  LOCK_TABLES SHOW_VIEW CREATE_VIEW CREATE_ROUTINE ALTER_ROUTINE'

mysql_rights() {
  my_me="CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"
  my_mine="(grantee = $my_me OR EXISTS (SELECT 1 FROM information_schema.applicable_roles r
    WHERE grantee LIKE CONCAT('''', r.role_name, '''@%')))"
  # A server without roles has no such table.
  mysql_ask "SELECT 1 FROM information_schema.applicable_roles LIMIT 1" >/dev/null 2>&1 ||
    my_mine="grantee = $my_me"
  [ -z "$MYSQL_READS" ] || MYSQL_RIGHTS='SELECT TRIGGER EVENT SHOW_VIEW'
  mysql_rights_on "$MY_DB"
  my_name=$(mysql_text "$MY_DB")
  [ -n "$MYSQL_READS" ] || mysql_rights_to_make
  my_hidden=$(mysql_ask "SELECT COUNT(*) FROM information_schema.routines
    WHERE routine_schema = $my_name AND routine_definition IS NULL")
  [ "${my_hidden:-0}" = 0 ] || mysql_problem "the account cannot read $my_hidden routines of\
 $MY_IDENTITY" 'Grant it SELECT on mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL).'
}

mysql_rights_to_make() {
  mysql_rights_on "$(mysql_ours copy_a)"
  my_definers=$(mysql_ask "SELECT COUNT(*) FROM (
      SELECT definer FROM information_schema.triggers WHERE trigger_schema = $my_name
      UNION ALL SELECT definer FROM information_schema.views WHERE table_schema = $my_name
      UNION ALL SELECT definer FROM information_schema.routines WHERE routine_schema = $my_name
      UNION ALL SELECT definer FROM information_schema.events WHERE event_schema = $my_name) d
    WHERE definer <> CURRENT_USER() AND NOT EXISTS (
      SELECT 1 FROM information_schema.user_privileges WHERE $my_mine
        AND privilege_type IN ('SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER'))")
  [ "${my_definers:-0}" = 0 ] || mysql_problem "$my_definers views, triggers, routines or events of\
 $MY_IDENTITY belong to others, and the account may not make such" \
    'Grant it SET USER (MariaDB) or SET_USER_ID (MySQL), or SUPER.'
}

mysql_rights_on() {
  my_held=$(mysql_ask "SELECT REPLACE(privilege_type, ' ', '_')
      FROM information_schema.user_privileges WHERE $my_mine
    UNION SELECT REPLACE(privilege_type, ' ', '_') FROM information_schema.schema_privileges
      WHERE $my_mine AND $(mysql_text "$1") LIKE table_schema")
  my_lacks=
  for my_right in $MYSQL_RIGHTS; do
    printf '%s\n' "$my_held" | grep -q -x -e "$my_right" ||
      my_lacks="$my_lacks${my_lacks:+, }$(printf '%s' "$my_right" | tr _ ' ')"
  done
  [ -n "$my_lacks" ] || return 0
  my_needed=${MYSQL_READS:+$(printf '%s' "$MYSQL_RIGHTS" | sed 's/ /, /g; s/_/ /g')}
  my_pattern=$(printf '%s' "$1" | sed 's/_seatrial_.*/_seatrial_%/; s/_/\\_/g')
  mysql_problem "the account lacks rights on $1: $my_lacks" \
    "Let an administrator run: GRANT ${my_needed:-ALL} ON $(mysql_id "$my_pattern").* TO the \
account."
}

mysql_shape() {
  my_schema=$(mysql_objects "$MY_DB" | grep -v -e '^grant' | sha256sum) || return 0
  mysql_fact schema "${my_schema%% *}"
  my_fix='ALTER TABLE ... ENGINE=InnoDB, or copy-from a backup or a standby that is read-only.'
  mysql_one_instant
  my_fix='Drop these foreign keys: a swap of one database would leave them behind.'
  [ -n "$MYSQL_READS" ] || mysql_alone
}

# mysql_alone: swapping would take along what other databases refer to.
mysql_alone() {
  my_others=$(mysql_ask "SELECT CONCAT(constraint_schema, '.', table_name)
    FROM information_schema.referential_constraints
    WHERE unique_constraint_schema = $(mysql_text "$MY_DB")
      AND constraint_schema <> $(mysql_text "$MY_DB")" --raw) ||
    fail "the foreign keys of $MY_IDENTITY cannot be listed" || return
  [ -z "$my_others" ] || fail "tables of other databases refer to $MY_IDENTITY:\
 $(printf '%s' "$my_others" | tr '\n' ' ')"
}
