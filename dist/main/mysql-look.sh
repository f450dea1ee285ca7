# shellcheck shell=sh
# What is in a database, and what a server is like: read from the catalogue alone.

objects_mysql() {
  mysql_open "$1" && mysql_work objects || return
  case $2 in
    # Written with the rescue copy, at the same instant.
    /*) cat -- "$2/objects" || fail "there is no rescue copy $2" ;;
    *) mysql_objects "$2" ;;
  esac
}

# mysql_objects DATABASE: KIND TAB NAME TAB DETAIL, sorted. Rights are by the name of the live one.
mysql_objects() {
  my_name=$(mysql_text "$1")
  case $(mysql_ask 'SELECT VERSION()') in
    *MariaDB*)
      my_checks="SELECT 'constraint', CONCAT(table_name, '.', constraint_name), check_clause
      FROM information_schema.check_constraints WHERE constraint_schema = $my_name" ;;
    5.*) my_checks="SELECT 1 FROM DUAL WHERE FALSE" ;;
    *) my_checks="SELECT 'constraint', CONCAT(t.table_name, '.', c.constraint_name), c.check_clause
      FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
        ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
        AND t.constraint_type = 'CHECK' WHERE c.constraint_schema = $my_name" ;;
  esac
  my_listed=$(mysql_ask "SET SESSION group_concat_max_len = 1000000;
    $(mysql_ask_tables) $my_checks; $(mysql_ask_code) $(mysql_ask_grants)") ||
    fail "the schema of $1 could not be read" || return
  printf '%s\n' "$my_listed" | sort
}

mysql_ask_tables() {
  cat <<EOF
SELECT 'setting', 'database', CONCAT(default_character_set_name, ' ', default_collation_name)
  FROM information_schema.schemata WHERE schema_name = $my_name;
SELECT IF(table_type = 'SEQUENCE', 'sequence', 'table'), table_name, IF(table_type = 'SEQUENCE',
    engine, CONCAT_WS(' ', engine, row_format, table_collation, NULLIF(table_type, 'BASE TABLE'),
    NULLIF(create_options, ''), NULLIF(table_comment, '')))
  FROM information_schema.tables WHERE table_schema = $my_name
    AND table_type NOT IN ('VIEW', 'SYSTEM VIEW');
SELECT 'column', CONCAT(c.table_name, '.', c.column_name), CONCAT(c.column_type,
    IF(c.is_nullable = 'NO', ' NOT NULL', ''), IFNULL(CONCAT(' DEFAULT ', c.column_default), ''),
    IF(c.extra = '', '', CONCAT(' ', c.extra)),
    IF(IFNULL(c.generation_expression, '') = '', '', CONCAT(' AS ', c.generation_expression)),
    IFNULL(CONCAT(' COLLATE ', c.collation_name), ''),
    IF(c.column_comment = '', '', CONCAT(' COMMENT ', c.column_comment)))
  FROM information_schema.columns c JOIN information_schema.tables t
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name
  WHERE c.table_schema = $my_name AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED');
SELECT 'index', CONCAT(table_name, '.', index_name), CONCAT(IF(MAX(non_unique) = 0, 'UNIQUE ', ''),
    MAX(index_type), ' (', GROUP_CONCAT(IFNULL(column_name, 'expression'),
      IFNULL(CONCAT('(', sub_part, ')'), ''), IF(collation = 'D', ' DESC', '')
      ORDER BY seq_in_index SEPARATOR ', '), ')')
  FROM information_schema.statistics WHERE table_schema = $my_name GROUP BY table_name, index_name;
SELECT 'constraint', CONCAT(k.table_name, '.', k.constraint_name), CONCAT('FOREIGN KEY (',
    GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') REFERENCES ',
    IF(MAX(k.referenced_table_schema) = $my_name, '', CONCAT(MAX(k.referenced_table_schema), '.')),
    MAX(k.referenced_table_name), ' (',
    GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '),
    ') ON DELETE ', MAX(r.delete_rule), ' ON UPDATE ', MAX(r.update_rule))
  FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
    AND r.table_name = k.table_name
  WHERE k.table_schema = $my_name AND k.referenced_table_name IS NOT NULL
  GROUP BY k.table_name, k.constraint_name;
EOF
}

# Whether an event is switched on is not told: on staging none is.
mysql_ask_code() {
  cat <<EOF
SELECT 'trigger', CONCAT(event_object_table, '.', trigger_name), CONCAT_WS(' ', action_timing,
    event_manipulation, 'ON', event_object_table, action_order, action_statement, definer, sql_mode)
  FROM information_schema.triggers WHERE trigger_schema = $my_name;
SELECT 'view', table_name, CONCAT_WS(' ', REPLACE(view_definition,
    CONCAT('\`', table_schema, '\`.'), ''), check_option, definer, security_type)
  FROM information_schema.views WHERE table_schema = $my_name;
SELECT 'function', r.routine_name, CONCAT_WS(' ', r.routine_type, (SELECT CONCAT('(', IFNULL(
      GROUP_CONCAT(CONCAT_WS(' ', p.parameter_mode, p.parameter_name, p.dtd_identifier)
      ORDER BY p.ordinal_position SEPARATOR ', '), ''), ')') FROM information_schema.parameters p
      WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name),
    r.routine_definition, r.is_deterministic, r.sql_data_access, r.security_type, r.definer,
    r.sql_mode, r.routine_comment)
  FROM information_schema.routines r WHERE r.routine_schema = $my_name;
SELECT 'function', CONCAT('event ', event_name), CONCAT_WS(' ', event_type, execute_at,
    interval_value, interval_field, starts, ends, on_completion, event_definition, definer,
    sql_mode, event_comment)
  FROM information_schema.events WHERE event_schema = $my_name;
EOF
}

mysql_ask_grants() {
  my_live=$(mysql_text "$MY_DB")
  cat <<EOF
SELECT 'grant', 'database', CONCAT(grantee, ' ', privilege_type)
  FROM information_schema.schema_privileges WHERE $my_live LIKE table_schema;
SELECT 'grant', table_name, CONCAT(grantee, ' ', privilege_type)
  FROM information_schema.table_privileges WHERE table_schema = $my_live;
SELECT 'grant', CONCAT(table_name, '.', column_name), CONCAT(grantee, ' ', privilege_type)
  FROM information_schema.column_privileges WHERE table_schema = $my_live;
EOF
}

# rows_mysql SPEC PLACE SHARED. A rescue copy is loaded for it, into the database that a restore
# would use: the restore has the less to do.
rows_mysql() {
  mysql_open "$1" && mysql_work rows || return
  my_look=$2
  case $2 in
    /*)
      [ -s "$2/counts" ] || [ -e "$2/tables.sql" ] || fail "there is no rescue copy $2" || return
      my_name=${2##*/rescue-}
      MY_DIR=$2/work
      mkdir -p -- "$MY_DIR" && mysql_loaded "$2" "${my_name##*-}" f "${my_name%-*}" ||
        return
      my_look=$(mysql_ours fn "${my_name%-*}" "${my_name##*-}") ;;
  esac
  mysql_ask "SELECT t.table_name, t.table_type, c.column_name, c.data_type
    FROM information_schema.columns c JOIN information_schema.tables t
      ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE t.table_schema = $(mysql_text "$my_look")
      AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
    ORDER BY BINARY t.table_name, BINARY c.column_name" >"$MY_DIR/columns" ||
    fail "the columns of $my_look could not be read" || return
  if [ "$3" = - ]; then cut -f1,3 "$MY_DIR/columns" >"$MY_DIR/wanted"
  else cat -- "$3" >"$MY_DIR/wanted" || return; fi
  mysql_digests "$MY_DIR/columns" "$MY_DIR/wanted" >"$MY_DIR/digests.sql" || return
  mysql_client "$my_look" <"$MY_DIR/digests.sql" || fail "the rows of $my_look could not be read"
}

# mysql_digests COLUMNS WANTED: a statement for each table. The digest is a sum over the rows, so
# that their order is nothing to it; each value stands with its length, and NULL is none of them.
mysql_digests() {
  awk -F'\t' '
    function plain(text,    out, c) {
      out = ""
      while (match(text, /\\./)) {
        c = substr(text, RSTART + 1, 1)
        out = out substr(text, 1, RSTART - 1) (c == "t" ? "\t" : c == "n" ? "\n" : c)
        text = substr(text, RSTART + 2)
      }
      return out text
    }
    function id(text) { text = plain(text); gsub(/`/, "``", text); return "`" text "`" }
    function word(text) { gsub(/\047/, "\047\047", text); return "\047" text "\047" }
    function bytes(column, type) {
      column = id(column)
      if (type ~ /char|text|enum|set|json/)
        return "CAST(CONVERT(" column " USING utf8mb4) AS BINARY)"
      if (type ~ /blob|binary/) return column
      if (type == "float" || type == "double") return "CAST(" column " + 0e0 AS CHAR)"
      if (type == "bit") return "CAST(" column " + 0 AS CHAR)"
      if (type ~ /^((tiny|small|medium|big)?int|decimal|date|datetime|timestamp|time|year)$/)
        return "CAST(" column " AS CHAR)"
      return "CAST(" column " AS BINARY)"
    }
    function finish() {
      if (table == "") return
      print "SELECT \047rows\047, " word(table) ", COUNT(*), IFNULL(SUM(CAST(CONV(LEFT(" \
        "MD5(CONCAT(" values ")), 15), 16, 10) AS UNSIGNED)), 0) FROM " id(table) \
        (of[table] == "SYSTEM VERSIONED" ? " FOR SYSTEM_TIME ALL" : "") ";"
    }
    FNR == NR { of[$1] = $2; type[$1 "\t" $3] = $4; next }
    ($1 "\t" $2) in type {
      if ($1 != table) { finish(); table = $1; values = "" }
      value = bytes($2, type[$1 "\t" $2])
      values = values (values == "" ? "" : ", ") \
        "IFNULL(CONCAT(OCTET_LENGTH(" value "), \047:\047, " value "), \047N\047)"
    }
    END { finish() }' "$1" "$2"
}
