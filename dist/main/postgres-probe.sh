# shellcheck shell=sh
# A PostgreSQL database: what a host can tell of it before anything is touched, and all problems.

# probe_postgres SPEC LABEL: lines `state TAB LABEL TAB KEY TAB VALUE`; reads only.
probe_postgres() {
  pg_open "$1"
  label=$2
  # A standby is read, and neither copied on nor renamed.
  PG_READS=$(spec "$1" reads)
  PG_OPTIONS="$PG_OPTIONS -c default_transaction_read_only=on -c statement_timeout=60s"
  for tool in psql pg_dump pg_restore; do
    command -v "$tool" >/dev/null || pg_problem "the host has no $tool" \
      'Install the PostgreSQL client there; on Debian the package is postgresql-client.'
  done
  command -v psql >/dev/null || return 0
  said=$(printf 'select 1' | pg_sql "$PG_MAINT" 2>&1 >/dev/null) ||
    { pg_cannot_connect "$said"; return 0; }
  pg_probe_server || pg_problem "the server of database $PG_DB does not tell its catalogs" \
    'Look into its log.'
  if ! pg_exists "$PG_DB"; then
    pg_fact exists no
    return 0
  fi
  said=$(pg_probe_database 2>&1) || pg_problem "database $PG_DB cannot be looked at: $said" \
    'Let the role connect to it and read its tables.'
  printf '%s\n' "$said" | LABEL=$label awk -F'\t' '$1 == "state"'
  pg_probe_files
  # No digest of half a schema: it would be compared with a whole one.
  if said=$(pg_objects "$PG_DB" 2>&1); then
    digest=$(printf '%s\n' "$said" | pg_lasting_schema | sha256sum)
    pg_fact schema "${digest%% *}"
  else
    pg_problem "the schema of database $PG_DB cannot be read: $said" \
      'Look into the log of the server.'
  fi
}

pg_fact() { printf 'state\t%s\t%s\t%s\n' "$label" "$1" "$(printf '%s' "$2" | tr '\t\n' '  ')"; }

# pg_problem MESSAGE FIX
pg_problem() {
  printf 'state\t%s\tproblem\t%s\t%s\n' "$label" "$(printf '%s' "$1" | tr '\t\n' '  ')" "$2"
}

pg_cannot_connect() {
  pg_problem "the server of database $PG_DB cannot be reached: $1" \
    "Passwords are read from ~/.pgpass of ${PG_AS:-the login}; host, port, user and as are keys of \
the state. Try there: psql -w -d $PG_MAINT"
}

# Partitions come and go with the calendar, and grants with people. A warning is no object.
pg_lasting_schema() {
  LC_ALL=C sort | awk -F'\t' 'NF >= 3 && $1 !~ /^(owner|grant|setting)$/ &&
    $3 !~ / partition of /'
}

# With `reads` only what stands in the way of pg_dump.
pg_probe_server() {
  dump=$(pg_run "$PG_MAINT" pg_dump --version 2>/dev/null | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  pg_sql "$PG_MAINT" label="$label" db="$PG_DB" dump="${dump:-0}" as="${PG_AS:-the login}" \
    reads="$PG_READS" <<'SQL'
\set fact 'select ''state'', :''label'', '
\set problem 'select ''state'', :''label'', ''problem'', '
:fact 'parity:server-version', current_setting('server_version');
:problem format('pg_dump %s of the host cannot read PostgreSQL %s', :dump,
  current_setting('server_version')), format('Install postgresql-client-%s on the host.',
  current_setting('server_version_num')::int / 10000)
where :dump <> 0 and :dump < current_setting('server_version_num')::int / 10000;
:problem format('PostgreSQL %s is older than 11', current_setting('server_version')),
  'Upgrade the server first.' where current_setting('server_version_num')::int < 110000;
select :'reads' <> '' as reads_only \gset
\if :reads_only
  \quit
\endif
:problem format('the server is a standby, which cannot be renamed or copied on'),
  'Name the primary server as host; copy-from: { standby: host:port } reads this one.'
where pg_is_in_recovery() and :'db' <> '';
:problem format('role %s may not create databases, and a rescue copy is one', current_user),
  format('Run once as a superuser of the database server: alter role %I createdb', current_user)
from pg_roles where rolname = current_user and not rolsuper and not rolcreatedb;
:problem format('role %s may not rename database %s, which belongs to %s', current_user, datname,
  pg_get_userbyid(datdba)), format('Connect as its owner, or run once: grant %I to %I',
  pg_get_userbyid(datdba), current_user)
from pg_database where datname = :'db' and not pg_has_role(datdba, 'MEMBER');
select current_setting('server_version_num')::int >= 150000 as knows_collations \gset
\if :knows_collations
:problem format('database %s is of collation version %s, and the system has %s: indexes on text '
  'may be wrong', datname, datcollversion, now_is), format('Run there: reindex database %I; '
  'alter database %I refresh collation version', datname, datname)
from pg_database d, pg_database_collation_actual_version(d.oid) now_is
where datname = :'db' and datcollversion <> now_is;
\endif
:problem format('settings of other roles are kept for database %s (%s), and role %s may not set '
  'them', :'db', string_agg(distinct pg_get_userbyid(setrole), ', '), current_user),
  'Connect as a superuser, or keep them with the roles themselves.'
from pg_db_role_setting s join pg_database d on d.oid = setdatabase
where datname = :'db' and setrole <> 0 and pg_get_userbyid(setrole) <> current_user
  and not (select rolsuper from pg_roles where rolname = current_user) having count(*) > 0;
:problem format('the prepared transaction %s is open in database %s', gid, database),
  format('Connect to %s and end it: commit prepared or rollback prepared %L', database, gid)
from pg_prepared_xacts where database = :'db';
:problem format('the replication slot %s reads database %s, and would lose it by a swap', slot_name,
  database), format('Remove it before and make it anew after: select pg_drop_replication_slot(%L)',
  slot_name) from pg_replication_slots where database = :'db';
:problem format('%s works in database %s all the time, so that it cannot be copied or renamed',
  backend_type, datname), 'Let that worker of an extension use another database (pg_cron: '
  'cron.database_name).' from pg_stat_activity where datname = :'db' and backend_type not in
  ('client backend', 'autovacuum worker', 'parallel worker', 'walsender');
:problem format('role %s may not end the sessions of role %s in database %s', current_user, usename,
  datname), format('Run once as a superuser: grant pg_signal_backend to %I', current_user)
from pg_stat_activity where datname = :'db' and coalesce(backend_type, '') in ('', 'client backend')
  and not pg_has_role(usesysid, 'MEMBER') and not pg_has_role('pg_signal_backend', 'MEMBER')
group by usename, datname;
SQL
}

pg_probe_database() {
  pg_sql "$PG_DB" label="$label" reads="$PG_READS" <<'SQL'
\set fact 'select ''state'', :''label'', '
\set problem 'select ''state'', :''label'', ''problem'', '
:fact 'bytes', pg_database_size(current_database());
:fact 'parity:' || key, value from (
  select to_jsonb(d) as j, d.* from pg_database d where datname = current_database()) d, lateral (
  values ('encoding', pg_encoding_to_char(encoding)), ('collate', datcollate), ('ctype', datctype),
    ('locale-provider', case j ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin'
      else 'libc' end), ('locale', coalesce(j ->> 'datlocale', j ->> 'daticulocale')),
    ('collation-version', j ->> 'datcollversion')) items (key, value) where value is not null;
:fact 'parity:extension:' || extname, extversion from pg_extension order by extname;
:fact 'parity:setting:' || name, concat(setting, unit) from pg_settings
where name in ('work_mem', 'maintenance_work_mem', 'shared_buffers', 'effective_cache_size',
  'max_parallel_workers_per_gather', 'max_parallel_maintenance_workers', 'random_page_cost', 'jit',
  'wal_level', 'fsync', 'synchronous_commit', 'full_page_writes', 'max_wal_size',
  'statement_timeout',
  'lock_timeout', 'max_locks_per_transaction', 'default_transaction_isolation', 'DateStyle',
  'TimeZone', 'standard_conforming_strings', 'wal_compression', 'max_connections')
  and source not in ('client', 'session');
:fact 'parity:tablespaces', string_agg(distinct spcname, ' ' order by spcname)
from pg_class join pg_tablespace t on t.oid = reltablespace where spcname <> 'pg_global'
having count(*) > 0;
:problem format('role %s may not read %s tables of database %s (%s)', current_user, count(*),
  current_database(), min(oid::regclass::text)),
  format('Connect as their owner or as a superuser, or: grant pg_read_all_data to %I', current_user)
from pg_class where relkind in ('r', 'm') and relpersistence <> 't' and relnamespace::regnamespace
  <> 'information_schema'::regnamespace and relnamespace::regnamespace::text !~ '^pg_'
  and not has_table_privilege(oid, 'select') having count(*) > 0;
:problem format('row security of %s tables of database %s hides rows from role %s (%s)', count(*),
  current_database(), current_user, min(oid::regclass::text)),
  format('Run once as a superuser: alter role %I bypassrls', current_user)
from pg_class where relkind in ('r', 'p') and row_security_active(oid) having count(*) > 0;
:problem format('database %s is fed by subscription %s, which a rename would cut',
  current_database(), subname),
  format('Disable it before and create it anew after: alter subscription %I disable', subname)
from pg_subscription
where :'reads' = '' and subdbid = (select oid from pg_database where datname = current_database());
SQL
}

# The files can be seen where the server runs on this host, and tells where they are.
pg_probe_files() {
  case $PG_HOST in '' | /* | localhost | 127.* | ::1) ;; *) return 0 ;; esac
  directory=$(pg_sql "$PG_MAINT" db="$PG_DB" <<'SQL' 2>/dev/null
select coalesce(nullif(pg_tablespace_location(dattablespace), ''),
  current_setting('data_directory', true)) from pg_database where datname = :'db';
SQL
  )
  [ -n "$directory" ] && device=$(stat -c %d -- "$directory" 2>/dev/null) || return 0
  pg_fact directory "$directory"
  pg_fact device "$device"
  pg_fact free "$(df -P -k -- "$directory" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
}
