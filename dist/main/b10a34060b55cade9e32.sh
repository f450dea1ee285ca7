# shellcheck shell=sh disable=SC2034,SC2154 # the verbs of the kinds use them
# Masks, on staging: what they do to a copy that has come in, and what they leave behind.

# mask_by_command KIND SPEC LABEL USER|- SECONDS TEXT: {copy} in it is the place: a directory, an
# SQLite file, or the name of a database, which the usual variables of its clients lead to.
mask_by_command() {
  where=$("place_$1" "$2" "$3" incoming) || return
  [ "$1" != sqlite ] || where=$where/database
  exports="SEATRIAL_KIND=$(shell_word "$1") SEATRIAL_PLACE=$(shell_word "$where")"
  case $1 in
    postgres)
      exports="$exports PGDATABASE=$(shell_word "$where")"
      for pair in PGHOST=host PGPORT=port PGUSER=user; do
        value=$(spec "$2" "${pair#*=}")
        [ -z "$value" ] || exports="$exports ${pair%%=*}=$(shell_word "$value")"
      done ;;
    mysql)
      for pair in MYSQL_HOST=host MYSQL_TCP_PORT=port SEATRIAL_USER=user \
        SEATRIAL_DEFAULTS=defaults; do
        value=$(spec "$2" "${pair#*=}")
        [ -z "$value" ] || exports="$exports ${pair%%=*}=$(shell_word "$value")"
      done ;;
  esac
  masking=$(printf '%s\n' "$6" | WORD=$(shell_word "$where") awk '{
    while ((at = index($0, "{copy}")) > 0) {
      printf "%s%s", substr($0, 1, at - 1), ENVIRON["WORD"]
      $0 = substr($0, at + 6)
    }
    print }')
  as_user "$4" "$5" / - "export $exports
$masking" >&2 || fail "the mask $(told $?)"
}

shell_word() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# mask_by_sql KIND SPEC LABEL: the text comes on standard input; all of it in one transaction.
mask_by_sql() {
  where=$("place_$1" "$2" "$3" incoming) || return
  cat >"$SCRATCH/mask.sql" || return
  case $1 in
    postgres)
      # The database may have brought a limit of time for its users.
      pg_open "$2" && PG_OPTIONS="$PG_OPTIONS -c statement_timeout=0" &&
        pg_run "$where" psql -X -q -w -1 -v ON_ERROR_STOP=1 -f - <"$SCRATCH/mask.sql" >&2 ;;
    mysql)
      # What defines tables commits by itself in MySQL; a copy that is half masked is not kept.
      mysql_open "$2" && { printf 'start transaction;\n'; cat -- "$SCRATCH/mask.sql"
        printf '\n;commit;\n'; } | mysql_client "$where" >&2 ;;
    sqlite) mask_sqlite "$where/database" "$SCRATCH/mask.sql" ;;
    *) fail "a $1 cannot be masked by SQL" ;;
  esac || fail 'the SQL of the mask failed' || return
}

mask_sqlite() {
  sqlite_client
  case $SQLITE_CLIENT in
    python3) python3 -c '
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.executescript("begin;\n" + open(sys.argv[2]).read() + "\n;commit;")
connection.close()' "$1" "$2" ;;
    sqlite3) { printf 'begin;\n'; cat -- "$2"; printf '\n;commit;\n'; } |
      sqlite3 -batch -bail -init /dev/null "$1" >&2 ;;
    *) fail 'neither sqlite3 nor python3 is here to mask with' ;;
  esac
}

# mask_by_greenmask KIND SPEC LABEL: its own dump of the copy, masked, takes the place of what is
# there. The configuration comes on standard input; the connection and the storage are ours. It
# would connect elsewhere than the clients of PostgreSQL where nothing is said.
mask_by_greenmask() {
  [ "$1" = postgres ] || fail "greenmask masks PostgreSQL, and this is a $1" || return
  command -v greenmask >/dev/null || fail "greenmask is not installed on $(uname -n)" || return
  where=$(place_postgres "$2" "$3" incoming) && mkdir -- "$SCRATCH/masked" "$SCRATCH/aside" &&
    cat >"$SCRATCH/greenmask.yml" && pg_open "$2" || return
  [ -z "$PG_AS" ] || chown -R -- "$PG_AS" "$SCRATCH" || return
  reached=$(pg_sql "$where" <<'SQL'
select trim(split_part(current_setting('unix_socket_directories'), ',', 1)),
  current_setting('port'), session_user;
SQL
  ) || { pg_silent; return 1; }
  # It leaves stored views empty.
  pg_sql "$where" >"$SCRATCH/views.sql" <<'SQL' || { pg_silent; return 1; }
select format('refresh materialized view %s;', oid::regclass) from pg_class
where relkind = 'm' and relispopulated order by oid;
SQL
  rest=${reached#*"$TAB"}
  PG_HOST=${PG_HOST:-${reached%%"$TAB"*}} PG_PORT=${PG_PORT:-${rest%%"$TAB"*}}
  PG_USER=${PG_USER:-${rest#*"$TAB"}}
  PG_OPTIONS="$PG_OPTIONS -c statement_timeout=0"
  for act in dump 'restore latest --clean --if-exists --exit-on-error'; do
    # shellcheck disable=SC2086 # words, split on purpose
    pg_run "$where" STORAGE_TYPE=directory STORAGE_DIRECTORY_PATH="$SCRATCH/masked" \
      COMMON_TMP_DIR="$SCRATCH/aside" greenmask --config "$SCRATCH/greenmask.yml" $act >&2 ||
      fail "greenmask ${act%% *} failed" || return
  done
  pg_act 'stored views could not be filled again' "$where" <"$SCRATCH/views.sql"
}

# wipe_masked KIND SPEC LABEL SECONDS: the masks took so long. What they replaced is still in the
# files, and in what was noted of the values when the copy was loaded: it goes.
wipe_masked() {
  where=$("place_$1" "$2" "$3" incoming) || return
  case $1 in
    postgres) pg_open "$2" && wipe_postgres "$where" ;;
    mysql) mysql_open "$2" && wipe_mysql "$where" "$4" ;;
    sqlite) wipe_sqlite "$where/database" ;;
  esac || fail 'what the mask replaced could not be removed from the files' || return
}

# The counters of a session are there when it is gone, before version 15 a moment later. A dropped
# column stays in its rows, a stored view has the rows of before, and samples of values are in
# pg_statistic. A table that may not be written anew is skipped by the server with a warning.
wipe_postgres() {
  PG_OPTIONS="$PG_OPTIONS $PG_LOADING"
  left=$(pg_sql "$1" 2>"$SCRATCH/wipe-errors" <<'SQL'
do $$ begin
  for tries in 1..100 loop
    perform pg_stat_clear_snapshot();
    if not exists (select from pg_stat_activity where datname = current_database()
      and pid <> pg_backend_pid() and backend_type = 'client backend') then
      if current_setting('server_version_num')::int < 150000 then perform pg_sleep(1); end if;
      return;
    end if;
    perform pg_sleep(0.1);
  end loop;
  raise exception 'a session of the mask is still open';
end $$;
select coalesce(string_agg(format('%s:%s', c.oid, pg_relation_filenode(c.oid)), ','), '') as files
from pg_class c left join pg_stat_all_tables s on s.relid = c.oid
where c.relkind = 'r' and (c.relnamespace::regnamespace::text
    not in ('pg_catalog', 'information_schema') or c.oid = 'pg_largeobject'::regclass)
  and (n_tup_upd + n_tup_del > 0 or current_setting('track_counts') = 'off'
    or exists (select from pg_attribute where attrelid = c.oid and attisdropped))
  or c.oid in (to_regclass('pg_catalog.pg_statistic'),
    to_regclass('pg_catalog.pg_statistic_ext_data')) \gset
select format('refresh materialized view %s', oid::regclass) from pg_class
where relkind = 'm' and relispopulated order by oid \gexec
analyze;
select format('vacuum (full) %s', split_part(f, ':', 1)::oid::regclass)
from unnest(string_to_array(:'files', ',')) f \gexec
select split_part(f, ':', 1)::oid::regclass from unnest(string_to_array(:'files', ',')) f
where pg_relation_filenode(split_part(f, ':', 1)::oid) = split_part(f, ':', 2)::oid;
SQL
  ) || fail "$(sed -n 's/^psql:[^ ]* //; /./p' "$SCRATCH/wipe-errors" | tail -n 2)" || return
  [ -z "$left" ] || fail "the server does not write anew: $(printf '%s' "$left" | tr '\n' ' ')"
}

# wipe_mysql DATABASE SECONDS: tables that were written since, and those of which it is not known.
wipe_mysql() {
  expiry=$(mysql_ask "SHOW VARIABLES LIKE 'information_schema_stats_expiry'") || return
  tables=$(mysql_ask "${expiry:+SET SESSION information_schema_stats_expiry = 0;}
    SELECT CONCAT('OPTIMIZE NO_WRITE_TO_BINLOG TABLE ', $(mysql_named table_name), ';')
    FROM information_schema.tables WHERE table_schema = $(mysql_text "$1")
      AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
      AND IFNULL(update_time >= NOW() - INTERVAL $2 SECOND, TRUE)" --raw) || return
  [ -n "$tables" ] || return 0
  said=$(mysql_ask "$tables" "$1" 2>&1) || fail "$(mysql_said "$said")" || return
  ! printf '%s' "$said" | grep -i -m 1 -e "${TAB}error${TAB}" >&2
}

# wipe_sqlite FILE: free pages go with a new file, samples of values with new statistics.
wipe_sqlite() {
  sqlite_client
  case $SQLITE_CLIENT in
    python3) python3 -c '
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
noted = "select 1 from sqlite_master where name = \"sqlite_stat1\""
if connection.execute(noted).fetchone():
    connection.execute("analyze")
connection.execute("vacuum")
connection.close()' "$1" ;;
    sqlite3)
      noted=$(sqlite3 -batch -bail -init /dev/null "$1" \
        "select 'analyze;' from sqlite_master where name = 'sqlite_stat1'") &&
        sqlite3 -batch -bail -init /dev/null "$1" "$noted vacuum;" >&2 ;;
    *) fail 'neither sqlite3 nor python3 is here to mask with' ;;
  esac
}
