# shellcheck shell=sh disable=SC2034 # other parts use them
# A PostgreSQL database, through psql and pg_dump on the host. A rescue copy is a database of the
# same server (CREATE DATABASE ... TEMPLATE), and a swap is two renames in one transaction.
# A dump as another way is not there: who may not create a database may not rename one either.

# Seconds that sessions are given to go away.
PG_CLOSE_SECONDS_MAX=5

# pg_open SPEC: the variables that all other functions here go by.
pg_open() {
  PG_DB=$(spec "$1" database) PG_HOST=$(spec "$1" host) PG_PORT=$(spec "$1" port)
  PG_USER=$(spec "$1" user) PG_AS=$(spec "$1" as) PG_MAINT=$(spec "$1" maintenance)
  PG_MAINT=${PG_MAINT:-postgres}
  PG_IDENTITY=${PG_HOST:+$PG_HOST/}$PG_DB
  PG_OPTIONS='-c lock_timeout=60s -c client_min_messages=warning'
  PG_NAME=seatrial
  [ -z "${RUN:-}" ] || PG_NAME=$(printf 'seatrial %.30s %s' "${APP:-}" "$RUN")
}

# pg_run DATABASE COMMAND…: a client program, connected there.
pg_run() {
  pg_in=$1
  shift
  as_account "$PG_AS" PGDATABASE="$pg_in" PGCONNECT_TIMEOUT=10 PGAPPNAME="$PG_NAME" \
    PGOPTIONS="$PG_OPTIONS" ${PG_HOST:+"PGHOST=$PG_HOST"} ${PG_PORT:+"PGPORT=$PG_PORT"} \
    ${PG_USER:+"PGUSER=$PG_USER"} "$@"
}

# pg_sql DATABASE [NAME=VALUE…]: SQL from standard input, where :'NAME' and :"NAME" are quoted.
pg_sql() {
  pg_to=$1 words=$(($# - 1))
  shift
  while [ "$words" -gt 0 ]; do
    set -- "$@" -v "$1"
    shift
    words=$((words - 1))
  done
  pg_run "$pg_to" psql -X -q -w -A -t -F "$TAB" -v ON_ERROR_STOP=1 "$@"
}

# pg_act WHAT DATABASE [NAME=VALUE…]: the same; what the server says against it is the reason.
pg_act() {
  what=$1
  shift
  said=$(pg_sql "$@" 2>&1 >/dev/null) ||
    fail "$what: $(printf '%s\n' "$said" | sed -n 's/^psql:[^ ]* //; /./p' | tail -n 2)"
}

# pg_named DATABASE TAG: the name of a database of ours beside it, in the 63 bytes of a name. What
# is longer the server cuts off in silence; some are left for the number of pg_free_name.
pg_named() {
  if [ "$(printf '%s_%s' "$1" "$2" | wc -c)" -le 59 ]; then printf '%s_%s' "$1" "$2"
  else
    printf '%s_%s_%s' "$(printf '%s' "$1" | tr -c 'A-Za-z0-9_' '[_*]' | cut -c1-10)" \
      "$(printf '%s' "$1" | sha256sum | cut -c1-8)" "$2"
  fi
}

# A server that does not answer ends the verb: silence must never look like absence.
pg_exists() {
  there=$(printf '%s' "select 1 from pg_database where datname = :'name'" |
    pg_sql "$PG_MAINT" name="$1") || { pg_silent; exit 1; }
  [ "$there" = 1 ]
}

pg_silent() { fail "the server of $PG_IDENTITY cannot be asked"; }

# pg_free_name NAME: the first of NAME, NAME_2, … that no database has.
pg_free_name() {
  pg_sql "$PG_MAINT" name="$1" <<'SQL' || { pg_silent; return 1; }
select name from (select n, :'name' || case n when 1 then '' else '_' || n end as name
  from generate_series(1, 999) n) names
where name not in (select datname from pg_database) order by n limit 1;
SQL
}

# What a killed program of this run began goes on in the server: a database that is being copied.
pg_end_orphans() {
  deadline=$(($(date +%s) + PG_CLOSE_SECONDS_MAX))
  while :; do
    left=$(pg_sql "$PG_MAINT" <<'SQL'
select count(pg_terminate_backend(pid)) from pg_stat_activity
where application_name = current_setting('application_name') and usename = current_user
  and pid <> pg_backend_pid();
SQL
    ) || pg_silent || return
    [ "$left" != 0 ] || return 0
    [ "$(date +%s)" -le "$deadline" ] ||
      fail "what an earlier program began in $PG_IDENTITY does not end" || return
    sleep 0.1
  done
}

# pg_close DATABASE idle|all: nobody can connect, and whoever is connected is sent away; with `idle`
# only those who do nothing. Who stays is named.
pg_close() {
  pg_act "nobody could be kept out of $1" "$PG_MAINT" db="$1" <<'SQL' || return
alter database :"db" allow_connections false;
SQL
  deadline=$(($(date +%s) + PG_CLOSE_SECONDS_MAX))
  while :; do
    left=$(pg_sessions "$1" "$2") || fail "the sessions of $1 cannot be seen" || return
    [ -n "$left" ] || return 0
    [ "$(date +%s)" -le "$deadline" ] || break
    sleep 0.1
  done
  fail "$1 is in use by $(printf '%s' "$left" | head -n 5 | tr '\n' ';')"
}

# Ends the sessions that may be ended and prints who is there. A background worker of an extension
# is started again by the server, and shows as one that does not go.
pg_sessions() {
  pg_sql "$PG_MAINT" db="$1" how="$2" <<'SQL'
select pg_terminate_backend(pid) from pg_stat_activity a
where datname = :'db' and pid <> pg_backend_pid() and (:'how' = 'all' or state = 'idle')
  and (pg_has_role(usesysid, 'MEMBER')
    or (select rolsuper from pg_roles where rolname = current_user)
    or (pg_has_role('pg_signal_backend', 'MEMBER')
      and not (select rolsuper from pg_roles where oid = usesysid))) \g /dev/null
select format('process %s (%s of %s, %s, from %s)', pid, coalesce(backend_type, 'session'),
  coalesce(usename, 'nobody'),
  coalesce(nullif(application_name, ''), 'no name'), coalesce(host(client_addr), 'this host'))
from pg_stat_activity where datname = :'db' and pid <> pg_backend_pid()
  and backend_type is distinct from 'autovacuum worker'
union all
select format('prepared transaction %s', gid) from pg_prepared_xacts where database = :'db';
SQL
}

# pg_reopen DATABASE…: those that are there.
pg_reopen() {
  for reopened in "$@"; do
    pg_act "$reopened could not be opened again" "$PG_MAINT" db="$reopened" <<'SQL' || return
select format('alter database %I allow_connections true', datname)
from pg_database where datname = :'db' and not datallowconn \gexec
SQL
  done
}

# pg_copy_database FROM TO: the same bytes, owner, locale and tablespace, then grants and settings.
# A collation that is newer than the indexes is a problem of the original; the copy is equal to it.
pg_copy_database() {
  pg_act "$1 could not be copied to $2" "$PG_MAINT" from="$1" to="$2" <<'SQL' || return
select current_setting('server_version_num')::int >= 150000 as has_strategy \gset
\if :has_strategy
select format('create database %I template %I strategy file_copy%s', :'to', :'from',
  ' collation_version ' || quote_literal(datcollversion))
from pg_database where datname = :'from' \gexec
\else
create database :"to" template :"from";
\endif
SQL
  pg_settings_sql "$1" | pg_act "grants and settings of $1 could not be given to $2" "$PG_MAINT" \
    db="$2" || return
  pg_settings "$1" >"$RUN_DIR/pg-settings-from" && pg_settings "$2" >"$RUN_DIR/pg-settings-to" ||
    return
  pg_same_settings "$1" "$2"
}

pg_same_settings() {
  differs=$(diff -- "$RUN_DIR/pg-settings-from" "$RUN_DIR/pg-settings-to" | grep '^[<>]' |
    head -n 3)
  [ -z "$differs" ] || fail "$2 has other grants or settings than $1: $differs"
}

# pg_settings DATABASE: what belongs to the database and is not in it, one line each, sorted.
pg_settings() {
  pg_sql "$PG_MAINT" db="$1" <<'SQL' || fail "the settings of $1 cannot be read"
\set d '(select * from pg_database where datname = :''db'') d'
select 'owner', pg_get_userbyid(datdba) from :d union all
select 'connection limit', datconnlimit::text from :d union all
select 'is template', datistemplate::text from :d union all
select 'encoding and locale', concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype)
from :d union all
select 'tablespace', spcname from :d join pg_tablespace t on t.oid = dattablespace union all
select 'comment', to_json(shobj_description(oid, 'pg_database'))::text from :d union all
select 'label', provider || ' ' || label from pg_shseclabel, :d
where objoid = d.oid and classoid = 'pg_database'::regclass union all
select 'grant', concat_ws(' ', grantee::regrole, privilege_type, is_grantable, 'by',
  grantor::regrole) from :d, aclexplode(coalesce(datacl, acldefault('d', datdba))) union all
select 'setting', concat_ws(' ', nullif(setrole, 0)::regrole, to_json(setting)::text)
from pg_db_role_setting join :d on setdatabase = d.oid, unnest(setconfig) setting
order by 1, 2;
SQL
}

# pg_settings_sql DATABASE: the statements that give it to the database :"db".
pg_settings_sql() {
  pg_sql "$PG_MAINT" db="$1" <<'SQL'
\set d '(select * from pg_database where datname = :''db'') d'
select format('alter database :"db" owner to %I;', pg_get_userbyid(datdba)) from :d;
select format('alter database :"db" connection limit %s;', datconnlimit) from :d;
select 'alter database :"db" is_template true;' from :d where datistemplate;
select format('comment on database :"db" is %L;', shobj_description(oid, 'pg_database')) from :d
where shobj_description(oid, 'pg_database') is not null;
select format('security label for %I on database :"db" is %L;', provider, label)
from pg_shseclabel, :d where objoid = d.oid and classoid = 'pg_database'::regclass;
select format('revoke all on database :"db" from public, %I;', pg_get_userbyid(datdba)) from :d
where datacl is not null;
select format('set role %I; grant %s on database :"db" to %s%s; reset role;',
  pg_get_userbyid(grantor), privilege_type,
  case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
  case when is_grantable then ' with grant option' else '' end)
from :d, aclexplode(datacl) order by grantor <> datdba, not is_grantable;
-- What is a list of names is taken over as the server writes it.
select case when name in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
    'session_preload_libraries', 'shared_preload_libraries')
  then format('select set_config(%L, %L, false); alter %s set %I from current; reset %I;',
    name, value, of, name, name)
  else format('alter %s set %I to %L;', of, name, value) end
from (select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value,
    case setrole when 0 then 'database :"db"'
      else format('role %I in database :"db"', pg_get_userbyid(setrole)) end as of
  from pg_db_role_setting join :d on setdatabase = d.oid, unnest(setconfig) c) s;
SQL
}

# pg_drop DATABASE: if it is there, whoever is connected.
pg_drop() {
  pg_exists "$1" || return 0
  pg_close "$1" all && pg_act "$1 could not be removed" "$PG_MAINT" db="$1" <<'SQL'
alter database :"db" is_template false;
drop database if exists :"db";
SQL
}
