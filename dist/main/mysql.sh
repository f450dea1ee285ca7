# shellcheck shell=sh disable=SC2016,SC2034 # backticks are SQL; other parts use what is set
# A database of MySQL or MariaDB, by their client tools alone. No password is ever an argument: it
# stands in an option file, or the socket knows who comes. Databases of our own are named
# NAME_seatrial_…, so that one grant on `NAME\_seatrial\_%` is enough.

MYSQL_LOCK_SECONDS_MAX=30
# Characters of a database's name, so that ours, which are longer, fit the 64 of the server.
MYSQL_NAME_MAX=44

# mysql_open SPEC: what the other functions need; they work on this state until the next one.
mysql_open() {
  MY_DB=$(spec "$1" database) MY_HOST=$(spec "$1" host) MY_PORT=$(spec "$1" port)
  MY_USER=$(spec "$1" user) MY_AS=$(spec "$1" as) MY_DEFAULTS=$(spec "$1" defaults)
  MY_IDENTITY=${MY_HOST:+$MY_HOST/}$MY_DB
  MY_CLIENT=$(command -v mariadb || command -v mysql) ||
    fail 'neither mariadb nor mysql is installed here' || return
  MY_DUMP=$(command -v mariadb-dump || command -v mysqldump) ||
    fail 'neither mariadb-dump nor mysqldump is installed here' || return
  my_self=$(id -un)
  [ "$MY_AS" != "$my_self" ] || MY_AS=
  account=$(getent passwd "${MY_AS:-$my_self}")
  MY_HOME=${account%:*}
  MY_HOME=${MY_HOME##*:}
}

# mysql_tool PROGRAM ARGUMENT…
mysql_tool() {
  my_program=$1
  shift
  [ -z "$MY_USER" ] || set -- "--user=$MY_USER" "$@"
  [ -z "$MY_PORT" ] || set -- "--port=$MY_PORT" "$@"
  [ -z "$MY_HOST" ] || set -- "--host=$MY_HOST" "$@"
  # It must come first.
  [ -z "$MY_DEFAULTS" ] || set -- "--defaults-extra-file=$MY_DEFAULTS" "$@"
  # Most states need no other user, and there are many calls.
  if [ -n "$MY_AS" ]; then as_account "$MY_AS" "$my_program" "$@"
  else HOME="${MY_HOME:-/}" "$my_program" "$@"; fi
}

# mysql_client [DATABASE]: statements from standard input, stopped by the first that fails.
mysql_client() {
  mysql_tool "$MY_CLIENT" --batch --skip-column-names --unbuffered --max-allowed-packet=1G \
    --default-character-set=utf8mb4 \
    --init-command="SET sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', \
foreign_key_checks=0" "$@"
}

# mysql_ask TEXT [DATABASE]: rows, a TAB between fields; in them it stands as \t.
mysql_ask() {
  my_text=$1
  shift
  printf '%s\n' "$my_text" | mysql_client "$@"
}

# mysql_do TEXT [DATABASE]: the same, and what went wrong is the reason.
mysql_do() {
  my_said=$(mysql_ask "$@" 2>&1 >/dev/null) || fail "the database said: $(mysql_said "$my_said")"
}

mysql_said() { printf '%s' "$1" | grep -i -e error -m 1 || printf '%s' "$1" | tail -n 1; }

# mysql_made GENERATOR [DATABASE]: rows of the query are statements, which are then run.
mysql_made() {
  my_made=$(mysql_ask "$1" --raw) || fail "the catalogue of the database cannot be read" || return
  [ -z "$my_made" ] || mysql_do "$my_made" ${2:+"$2"}
}

mysql_id() { printf '`%s`' "$(printf '%s' "$1" | sed 's/`/``/g')"; }
mysql_text() { printf "'%s'" "$(printf '%s' "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")"; }
# The same of names in the catalogue, for statements that are made there.
MYSQL_NAME="CONCAT('\`', REPLACE(%s, '\`', '\`\`'), '\`')"
# The word is one of our own, never a text of the server.
# shellcheck disable=SC2059
mysql_named() { printf "$MYSQL_NAME" "$1"; }

# mysql_ours WHAT [RUN LABEL]: a database of ours: for a run, or for the copy that staging keeps.
mysql_ours() {
  if [ $# = 1 ]; then printf '%s_seatrial_%s' "$MY_DB" "$1"
  else
    printf '%.24s_seatrial_%s_%s%s' "$MY_DB" "$(printf '%s' "$2" | tr -d -c '0-9a-z')" \
      "${3#state}" "$1"
  fi
}

mysql_exists() {
  [ -n "$(mysql_ask "SELECT 1 FROM information_schema.schemata
    WHERE schema_name = $(mysql_text "$1")")" ]
}

# mysql_tables DATABASE: names that hold data: tables and sequences, no views; as identifiers.
mysql_tables() {
  mysql_ask "SELECT $(mysql_named table_name) FROM information_schema.tables
    WHERE table_schema = $(mysql_text "$1") AND table_type NOT IN ('VIEW', 'SYSTEM VIEW')
    ORDER BY table_name" --raw
}

# mysql_size DATABASE: how many tables, views and routines are in it; 0 where there is none.
mysql_size() {
  my_name=$(mysql_text "$1")
  mysql_ask "SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = $my_name)
    + (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = $my_name)" ||
    fail "$MY_IDENTITY cannot be asked what is in it"
}

# mysql_drop DATABASE: only ever one of ours.
mysql_drop() {
  case $1 in
    *_seatrial_*) mysql_do "DROP DATABASE IF EXISTS $(mysql_id "$1")" ;;
    *) fail "$1 is no database of Seatrial's, so it is not dropped" ;;
  esac
}

# mysql_create DATABASE FILE: empty, with the character set and collation that the file names.
mysql_create() {
  read -r my_charset my_collation <"$2"
  mysql_do "CREATE DATABASE IF NOT EXISTS $(mysql_id "$1");
    ALTER DATABASE $(mysql_id "$1") CHARACTER SET $my_charset COLLATE $my_collation"
}

mysql_charset() {
  mysql_ask "SELECT CONCAT(default_character_set_name, ' ', default_collation_name)
    FROM information_schema.schemata WHERE schema_name = $(mysql_text "$1")"
}

# mysql_strip DATABASE: all in it that names a table without being one. Tables that have triggers
# cannot be renamed to another database.
mysql_strip() {
  mysql_made "SELECT CONCAT('DROP TRIGGER ', $(mysql_named trigger_name), ';')
      FROM information_schema.triggers WHERE trigger_schema = $(mysql_text "$1")
    UNION ALL SELECT CONCAT('DROP VIEW ', $(mysql_named table_name), ';')
      FROM information_schema.views WHERE table_schema = $(mysql_text "$1")
    UNION ALL SELECT CONCAT('DROP EVENT ', $(mysql_named event_name), ';')
      FROM information_schema.events WHERE event_schema = $(mysql_text "$1")
    UNION ALL SELECT CONCAT('DROP ', routine_type, ' ', $(mysql_named routine_name), ';')
      FROM information_schema.routines WHERE routine_schema = $(mysql_text "$1")
        AND routine_type IN ('FUNCTION', 'PROCEDURE')" "$1"
}

# mysql_counts DATABASE: TABLE TAB ROWS, sorted; rows of the past count where there are any.
mysql_counts() {
  mysql_ask "SELECT CONCAT('SELECT ', QUOTE(table_name), ', ',
      IF(table_type = 'SEQUENCE', '''-''', CONCAT('COUNT(*) FROM ', $(mysql_named table_name),
      IF(table_type = 'SYSTEM VERSIONED', ' FOR SYSTEM_TIME ALL', ''))), ';')
    FROM information_schema.tables WHERE table_schema = $(mysql_text "$1")
      AND table_type NOT IN ('VIEW', 'SYSTEM VIEW')" --raw >"$2.ask" &&
    mysql_client "$1" <"$2.ask" >"$2.raw" && sort <"$2.raw" >"$2" &&
    rm -f -- "$2.ask" "$2.raw" || fail "the rows of $1 could not be counted" || return
}
