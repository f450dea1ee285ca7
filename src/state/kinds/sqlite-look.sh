# shellcheck shell=sh disable=SC2030,SC2031 # verbs in subshells of their own
# What is in a database, the same with python3 and with the command line of SQLite.

# look_into PLACE: sets $uri to what can be read without a trace, and $seen to its file. A log or a
# journal beside it would be merged by opening: then a scratch copy is opened.
look_into() {
  [ ! -d "$1" ] || set -- "$1/database"
  [ -f "$1" ] || fail "$1 is not there" || return
  sqlite_client
  [ -n "$SQLITE_CLIENT" ] ||
    fail "neither sqlite3 nor python3 is on $(uname -n): install one of them" || return
  if [ -s "$1-wal" ] || [ -s "$1-journal" ]; then
    for suffix in '' -wal -journal; do
      [ ! -e "$1$suffix" ] || cp --reflink=auto -- "$1$suffix" "$look/database$suffix" || return
    done
    seen=$look/database
    uri=$seen
  else
    seen=$1
    uri=$(sqlite_uri "$(readlink -f -- "$1")" 'mode=ro&immutable=1')
  fi
}

# Names and texts are one line each: a backslash, TAB or line break is written \\, \t, \n.
sqlite_objects="with real as (
  select name, sql from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'
), found (kind, name, detail) as (
  select 'table', name, case when sql like 'create virtual%' then sql else 'table' end from real
  union all
  select 'column', real.name || '.' || it.name, it.type
    || case when it.[notnull] then ' not null' else '' end
    || case when it.dflt_value is null then '' else ' default ' || it.dflt_value end
    || case when it.pk then ' primary key ' || it.pk else '' end
    || case when it.hidden > 1 then ' generated' else '' end
    from real, pragma_table_xinfo(real.name) as it where it.hidden <> 1
  union all
  select type, name, sql from sqlite_master where type in ('index', 'trigger', 'view')
    and sql is not null
  union all
  select 'constraint', real.name || '.unique', group_concat(it.name, ', ')
    from real, pragma_index_list(real.name) as list, pragma_index_info(list.name) as it
    where list.origin = 'u' group by real.name, list.name
  union all
  select 'constraint', real.name || '.foreign key', group_concat(it.[from] || ' references '
      || it.[table] || '.' || coalesce(it.[to], 'primary key'), ', ')
    || ' on update ' || it.on_update || ' on delete ' || it.on_delete
    from real, pragma_foreign_key_list(real.name) as it group by real.name, it.id
  union all
  select 'check', name, sql from real where sql like '%check%' and sql not like 'create virtual%'
)
select kind, replace(replace(replace(name, '\\', '\\\\'), char(9), '\\t'), char(10), '\\n'),
  replace(replace(replace(replace(detail, '\\', '\\\\'), char(9), '\\t'), char(13), ''),
    char(10), case when kind = 'check' then ' ' else '\\n' end)
from found"

# objects_sqlite SPEC PLACE
objects_sqlite() (
  look=$(mktemp -d "${RUN_DIR:-/tmp}/look-XXXXXX") || exit
  trap 'rm -rf -- "$look"' EXIT
  look_into "$2" || exit
  sqlite_ask "$uri" "$(printf '%s' "$sqlite_objects" | tr '\n' ' ')" >"$look/objects" ||
    fail "$2 could not be read" || exit
  printf 'setting\tencoding\t%s\n' "$(encoding_of "$seen")" >>"$look/objects" || exit
  # SQLite tells conditions of a table only as its text.
  awk -F'\t' -v OFS='\t' '
    $1 != "check" { print; next }
    {
      text = $3
      while (match(tolower(text), /(^|[^a-z0-9_])check *\(/)) {
        text = substr(text, RSTART + RLENGTH)
        for (depth = i = 1; depth > 0 && i <= length(text); i++) {
          c = substr(text, i, 1)
          depth += c == "(" ? 1 : c == ")" ? -1 : 0
        }
        print "constraint", $2 ".check", substr(text, 1, i - 2)
        text = substr(text, i)
      }
    }' "$look/objects" | LC_ALL=C sort
)

# encoding_of FILE: bytes 56 to 59 of its head; a SQLite built without UTF-16 has no pragma for it.
encoding_of() {
  case $(od -An -tu1 -j 59 -N 1 -- "$1" 2>/dev/null | tr -d ' ') in
    2) printf 'UTF-16le' ;;
    3) printf 'UTF-16be' ;;
    *) printf 'UTF-8' ;;
  esac
}

# rows_sqlite SPEC PLACE SHARED: each row is a line of its values as literals, texts in hexadecimal;
# the lines in the order of the values, so that the order on the disk does not count.
rows_sqlite() (
  look=$(mktemp -d "${RUN_DIR:-/tmp}/look-XXXXXX") || exit
  trap 'rm -rf -- "$look"' EXIT
  look_into "$2" || exit
  if [ "$3" = - ]; then
    sqlite_ask "$uri" "select real.name as of_table, it.name as of_column, '-' as cast_to \
from sqlite_master as real, \
pragma_table_xinfo(real.name) as it where real.type = 'table' and it.hidden <> 1 \
and real.name not like 'sqlite!_%' escape '!' and real.sql not like 'create virtual%' \
order by real.name, it.cid" >"$look/columns" || fail "$2 could not be read" || exit
  else
    sort -s -t "$TAB" -k 1,1 -- "$3" >"$look/columns"
  fi
  awk -F'\t' '
    function name(text) { gsub(/"/, "\"\"", text); return "\"" text "\"" }
    function literal(text) { gsub(/\047/, "\047\047", text); return "\047" text "\047" }
    function close_table() {
      if (table == "") return
      print "select \047=\047, " literal(table) ";"
      print "select " values " from " name(table) " order by " order ";"
    }
    $1 != table { close_table(); table = $1; values = order = "" }
    {
      value = $3 == "text" ? "cast(" name($2) " as text)" : name($2)
      values = values (values == "" ? "" : ", ") "case typeof(" value ") when \047text\047 then " \
        "\047t\047 || hex(" value ") else quote(" value ") end"
      order = order (order == "" ? "" : ", ") value " collate binary"
    }
    END { close_table() }' "$look/columns" >"$look/statements"
  { sqlite_ask "$uri" - <"$look/statements" || : >"$look/torn"; } | digest_tables
  [ ! -e "$look/torn" ] || fail "the rows of $2 could not be read"
)

digest_tables() {
  awk -F'\t' '
    function tell() {
      if (table == "") return
      printf "rows\t%s\t%d\t", table, count
      fflush()
      if (count == 0) printf "" | "sha256sum"
      close("sha256sum")
    }
    $1 == "=" { tell(); table = $2; count = 0; next }
    { count++; print | "sha256sum" }
    END { tell() }' | sed 's/  -$//'
}

probe_sqlite() {
  told_of "$2" free "$(free_beside "$1")"
  # Also where no database is yet: what would open it is a part of what the host is.
  sqlite_client
  [ -z "$SQLITE_CLIENT" ] ||
    told_of "$2" parity:sqlite "$(sqlite_ask :memory: 'select sqlite_version();')"
  [ -f "$1" ] || { told_of "$2" exists no; return 0; }
  told_of "$2" bytes "$(sqlite_bytes "$1")"
  [ -r "$1" ] || told_of "$2" problem \
    "$(id -un) cannot read $1${TAB}Give $(id -un) the right to read it."
  for id in $(deleted_database "$1"); do
    told_of "$2" problem "process $id writes to a deleted file that was $1${TAB}Restart the \
application: what it writes there will be lost."
  done
  [ -n "$SQLITE_CLIENT" ] || { told_of "$2" problem "neither sqlite3 nor python3 is here${TAB}\
Install one of them: apt-get install sqlite3"; return 0; }
  [ -r "$1" ] && [ -s "$1" ] || return 0
  if digest=$(schema_digest "$1"); then told_of "$2" schema "$digest"
  else told_of "$2" problem "the schema of $1 could not be read: $digest${TAB}Run it again. If \
that does not help, look at it with sqlite3, as $(id -un)."
  fi
}

# schema_digest PATH: nothing is made beside a database that is in use; of one with a log that
# nobody reads just now, what stands in the file itself. Where it fails, it prints why: nothing at
# all would be a schema as well.
schema_digest() {
  options=mode=ro
  # Nothing holds the log here: a client that makes one would leave it behind.
  opened_safely "$1" "${SQLITE_CLIENT:+a client}" || options='mode=ro&immutable=1'
  schema=$(ask_schema "$1" "$options" 2>/dev/null) || {
    ask_schema "$1" "$options" 2>&1 >/dev/null | tail -n 1
    return 1
  }
  printf '%s' "$schema" | sha256sum | cut -d' ' -f1
}

ask_schema() {
  sqlite_ask "$(sqlite_uri "$1" "$2")" \
    'select type, name, tbl_name, sql from sqlite_master order by type, name;'
}
