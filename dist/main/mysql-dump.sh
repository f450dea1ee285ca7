# shellcheck shell=sh
# What a database is written to and read from: statements. Tables come without their secondary
# keys, then the rows, then the keys: sorting them once is quicker than keeping them in order.

# mysql_dump ARGUMENT…
mysql_dump() {
  case ${MY_DUMP_IS:=$("$MY_DUMP" --version 2>/dev/null)} in
    *MariaDB*) ;;
    # It would ask a server for what older ones do not have, and set what only replicas need.
    *) set -- --set-gtid-purged=OFF --column-statistics=0 "$@" ;;
  esac
  mysql_tool "$MY_DUMP" --quick --skip-lock-tables --no-tablespaces --hex-blob \
    --default-character-set=utf8mb4 --max-allowed-packet=1G --net-buffer-length=1M "$@"
}

# mysql_without DATABASE QUERY ARGUMENT…: mysql_dump with the tables of a query left out.
mysql_without() {
  my_of=$1
  mysql_ask "SELECT table_name FROM information_schema.tables
    WHERE table_schema = $(mysql_text "$1") AND $2" --raw >"$MY_DIR/without" ||
    fail "$1 cannot be asked for its tables" || return
  shift 2
  while IFS= read -r my_line; do
    set -- "--ignore-table=$my_of.$my_line" "$@"
  done <"$MY_DIR/without"
  mysql_dump "$@" "$my_of"
}

# mysql_write_tables DATABASE OPTION…: to standard output. Options are of the program that dumps.
mysql_write_tables() {
  my_from=$1
  shift
  mysql_without "$my_from" "table_type = 'VIEW'" --compact --no-data --skip-triggers \
    >"$MY_DIR/schema.sql" 2>"$MY_DIR/said" ||
    fail "the tables of $my_from cannot be read: $(cat "$MY_DIR/said")" || return
  printf '%s\n' "SET NAMES utf8mb4;" "SET time_zone = '+00:00', foreign_key_checks = 0," \
    "  sql_mode = 'NO_AUTO_VALUE_ON_ZERO';"
  mysql_defer_keys "$MY_DIR/keys.sql" <"$MY_DIR/schema.sql" || return
  [ -z "$(mysql_ask "SELECT 1 FROM information_schema.tables WHERE table_schema =
    $(mysql_text "$my_from") AND table_type = 'SYSTEM VERSIONED' LIMIT 1")" ] ||
    set -- --dump-history "$@"
  mysql_without "$my_from" "table_type IN ('VIEW', 'SEQUENCE')" --compact --no-create-info \
    --skip-triggers --no-autocommit "$@" 2>"$MY_DIR/said" ||
    fail "$(mysql_dump_said "$my_from" "$MY_DIR/said")" || return
  cat -- "$MY_DIR/keys.sql"
}

# Error 1412: a table was altered since the instant of which the copy is.
mysql_dump_said() {
  case $(cat -- "$2") in
    *1412*) printf 'a table of %s was altered while it was copied; run it again' "$1" ;;
    *dump-history*)
      printf '%s has tables with history, which this %s cannot write' "$1" "$MY_DUMP" ;;
    *) printf 'the rows of %s could not be read: %s' "$1" "$(head -n 1 -- "$2")" ;;
  esac
}

# mysql_defer_keys FILE: takes secondary keys and foreign keys out of tables and writes the
# statements that add them. A table whose rows need another key than its primary one is left alone.
mysql_defer_keys() {
  : >"$1" && KEYS=$1 awk '
    function finish(    i) {
      defer = primary != "" && (serial == "" || index(primary, "(" serial) > 0)
      if (!defer) for (i = 1; i <= n; i++) if (kind[i] == "key") kind[i] = ""
      m = 0
      for (i = 1; i <= n; i++) if (kind[i] == "") keep[++m] = line[i]
      for (i = 1; i <= m; i++) {
        text = keep[i]
        # The comma after the last part goes, the others stay.
        if (i == m - 1) sub(/,$/, "", text)
        print text
      }
      add("key"); add("foreign")
    }
    function add(which,    i, out) {
      out = ""
      for (i = 1; i <= n; i++) if (kind[i] == which) {
        text = line[i]; sub(/^  /, "", text); sub(/,$/, "", text)
        out = out (out == "" ? "" : ",\n  ") "ADD " text
      }
      if (out == "") return
      out = "ALTER TABLE " name "\n  " out ";"
      if (which == "key") print out >ENVIRON["KEYS"]
      else late[++lates] = out
    }
    /^CREATE TABLE `/ {
      inside = 1; n = 0; primary = ""; serial = ""
      name = $0; sub(/^CREATE TABLE /, "", name); sub(/ \($/, "", name)
    }
    !inside { print; next }
    {
      line[++n] = $0; kind[n] = ""
      if ($0 ~ /^  `.* AUTO_INCREMENT/) {
        serial = $0; sub(/^  /, "", serial); sub(/` .*/, "`", serial)
      }
      if ($0 ~ /^  PRIMARY KEY \(/) primary = $0
      if ($0 ~ /^  (UNIQUE )?KEY `/) kind[n] = "key"
      if ($0 ~ /^  CONSTRAINT `.*` FOREIGN KEY \(/) kind[n] = "foreign"
    }
    /^\)/ { finish(); inside = 0 }
    # Foreign keys come when all keys that they may refer to are there.
    END { for (i = 1; i <= lates; i++) print late[i] >ENVIRON["KEYS"] }'
}

# mysql_write_objects DATABASE: triggers, events, routines and views, with no database named: a
# view names its own in places, and would look into the other one.
mysql_write_objects() {
  my_from=$1
  mysql_without "$1" "table_type = 'VIEW'" --skip-comments --no-data --no-create-info \
    --triggers --routines --events >"$MY_DIR/objects.part" 2>"$MY_DIR/said" ||
    fail "triggers, events and routines of $1 cannot be read: $(head -n 1 "$MY_DIR/said")" || return
  printf 'SET NAMES utf8mb4;\n'
  mysql_unname "$1" <"$MY_DIR/objects.part" || return
  set --
  mysql_ask "SELECT table_name FROM information_schema.views
    WHERE table_schema = $(mysql_text "$my_from")" --raw >"$MY_DIR/views" ||
    fail "the views of $my_from cannot be read" || return
  while IFS= read -r my_line; do set -- "$@" "$my_line"; done <"$MY_DIR/views"
  [ $# != 0 ] || return 0
  mysql_dump --compact --no-data --skip-triggers "$my_from" "$@" >"$MY_DIR/views.sql" \
    2>"$MY_DIR/said" ||
    fail "the views of $my_from cannot be read: $(head -n 1 "$MY_DIR/said")" || return
  mysql_unname "$my_from" <"$MY_DIR/views.sql"
}

# A routine of another character set is written with statements that alter the database meanwhile.
mysql_unname() {
  my_pattern=$(mysql_id "$1" | sed 's/[][\.*^$/]/\\&/g')
  sed -e "/^\/\*!50001 VIEW /s/$my_pattern\.\(\`[^\`]*\`\.\)/\1/g" \
    -e "s/^ALTER DATABASE $my_pattern CHARACTER SET /ALTER DATABASE CHARACTER SET /"
}

# Events of a copy never fire: the server would run production's jobs on staging.
mysql_quiet_events() {
  sed '/^\/\*!50106 CREATE\*\//{
s/ ON COMPLETION PRESERVE ENABLE / ON COMPLETION PRESERVE DISABLE /;t
s/ ON COMPLETION NOT PRESERVE ENABLE / ON COMPLETION NOT PRESERVE DISABLE /
}'
}

# mysql_load DATABASE: statements from standard input. Those that define a view of a user who is
# not here, or lose what the server cannot do, are told by the server's warnings alone.
mysql_load() {
  my_into=$1
  mysql_client "$my_into" >"$MY_DIR/loaded.said" 2>&1 ||
    fail "the copy could not be loaded: $(mysql_said "$(cat "$MY_DIR/loaded.said")")"
}
