# shellcheck shell=sh
# A PostgreSQL database: from production to staging. The stream is lines about the database (what
# pg_dump does not say), then one custom archive of pg_dump, which tells by itself when it is cut.

# While it is loaded nobody waits for it to be on the disk; the rename that makes it count does. The
# memory for indexes stays the server's own: with four times its default a load took a tenth longer.
PG_LOADING='-c synchronous_commit=off -c statement_timeout=0'

place_postgres() {
  pg_open "$1"
  case $3 in
    live) printf '%s\n' "$PG_DB" ;;
    rescue) printf '%s\n' "$(pg_rescue_name "$2")" ;;
    *) printf '%s\n' "$(pg_named "$PG_DB" "$3")" ;;
  esac
}

# Reads only: a read-only session, and locks that block no reader and no writer.
copy_postgres() {
  pg_open "$1"
  PG_OPTIONS="$PG_OPTIONS -c default_transaction_read_only=on -c lock_timeout=60s"
  dump=$(pg_run "$PG_DB" pg_dump --version) || fail 'pg_dump is not there' || return
  head=$(pg_head) || fail "$PG_IDENTITY cannot be read: is it there, and may we connect?" || return
  pg_tell_standby "$(spec "$1" reads)"
  settings=$(pg_settings_sql "$PG_DB") || fail "the settings of $PG_DB cannot be read" || return
  printf 'seatrial postgres 1\n%s\ndump\t%s\nsettings\t%s\narchive\n' "$head" \
    "$(pg_encoded "$dump")" "$(pg_encoded "$settings")" || return
  pg_run "$PG_DB" pg_dump -w -Fc -Z0 --no-subscriptions --lock-wait-timeout=60000 ||
    fail "pg_dump did not read $PG_IDENTITY to its end"
}

# pg_tell_standby [only]: a standby that no longer follows has data of some other day.
pg_tell_standby() {
  [ -n "$1" ] || return 0
  pg_sql "$PG_MAINT" at="$PG_IDENTITY" <<'SQL' >&2
select case when not pg_is_in_recovery()
  then format('%s follows no other server: its data may be of any day', :'at')
  when not exists (select from pg_stat_wal_receiver)
  then format('%s is not connected to its primary server: its last change is of %s', :'at', last)
  when pg_last_wal_replay_lsn() < pg_last_wal_receive_lsn() and now() - at > interval '1 min'
  then format('%s lags behind its primary server: its last change is of %s', :'at', last)
  else '' end
from (select pg_last_xact_replay_timestamp() as at) t, lateral (select coalesce(
  to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), 'an unknown time') as last) l;
SQL
}

pg_encoded() { printf '%s' "$1" | base64 | tr -d '\n'; }

# Each value in base64, since names may hold anything.
pg_head() {
  pg_sql "$PG_DB" <<'SQL'
select key, translate(encode(convert_to(value, 'UTF8'), 'base64'), E'\n', '')
from (select to_jsonb(d) as j, d.* from pg_database d where datname = current_database()) d,
lateral (
  select 'server', current_setting('server_version_num') union all
  select 'version', current_setting('server_version') union all
  select 'encoding', pg_encoding_to_char(encoding) union all
  select 'collate', datcollate union all
  select 'ctype', datctype union all
  select 'provider', coalesce(j ->> 'datlocprovider', 'c') union all
  select 'locale', coalesce(j ->> 'datlocale', j ->> 'daticulocale', '') union all
  select 'locks', ((select count(*) from pg_class c where c.oid >= 16384)
    + (select count(*) from pg_largeobject_metadata))::text union all
  select 'extension', extname from pg_extension where extname <> 'plpgsql' union all
  select 'owner', pg_get_userbyid(datdba) union all
  select distinct case deptype when 'o' then 'owner' else 'role' end, pg_get_userbyid(refobjid)
  from pg_shdepend where dbid = d.oid and refclassid = 'pg_authid'::regclass union all
  select 'role', pg_get_userbyid(grantee) from aclexplode(datacl) where grantee <> 0 union all
  select 'role', pg_get_userbyid(setrole) from pg_db_role_setting
  where setdatabase = d.oid and setrole <> 0
) told (key, value);
SQL
}

# receive_postgres SPEC LABEL: loaded beside everything, and gone again where it did not come whole.
receive_postgres() {
  pg_open "$1"
  incoming=$(pg_named "$PG_DB" incoming)
  pg_drop "$incoming" || return
  if ! pg_receive; then
    pg_drop "$incoming"
    return 1
  fi
  cat >/dev/null
}

pg_receive() {
  told=${SCRATCH:-$RUN_DIR}/pg-told
  : >"$told"
  case $(head -c 5) in
    seatr)
      while IFS="$TAB" read -r key value && [ "$key" != archive ]; do
        value=$(printf '%s' "$value" | base64 -d 2>/dev/null | tr '\n' "$TAB")
        printf '%s\t%s\n' "$key" "$value" >>"$told"
      done
      [ "$key" = archive ] || fail 'the stream ended before the database began' || return
      pg_fits && pg_create && pg_load || return
      pg_told settings | tr "$TAB" '\n' | pg_act "grants and settings could not be given to \
$incoming" "$PG_MAINT" db="$incoming"
      ;;
    # A backup of another tool knows nothing of the database but what is in it.
    PGDMP) pg_create && { printf PGDMP; cat; } | pg_load ;;
    *) fail 'the stream is neither one of Seatrial nor a custom archive of pg_dump (-Fc)' ;;
  esac
}

# pg_told KEY: each value a line; in a value a TAB stands for a line break.
pg_told() { KEY=$1 awk -F'\t' '$1 == ENVIRON["KEY"] { print substr($0, length($1) + 2) }' "$told"; }

# What would make the load fail after minutes is seen before it begins, all at once.
pg_fits() {
  restore=$(pg_run "$PG_MAINT" pg_restore --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  dump=$(pg_told dump | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  [ "${restore:-0}" -ge "${dump:-0}" ] || fail "pg_restore $restore of this host cannot read what \
pg_dump $dump of production writes: install postgresql-client-$dump here" || return
  missing=$(pg_sql "$PG_MAINT" server="$(pg_told server)" version="$(pg_told version)" \
    owners="$(pg_told owner)" roles="$(pg_told owner; pg_told role)" \
    extensions="$(pg_told extension)" <<'SQL'
select format('this server is PostgreSQL %s, and production has %s: upgrade it first',
  current_setting('server_version'), :'version')
where current_setting('server_version_num')::int / 10000 < :server / 10000;
select format('the roles %s do not exist here: create role %s nologin',
  string_agg(quote_ident(r), ', '), min(quote_ident(r)))
from (select distinct r from regexp_split_to_table(:'roles', E'\n') r where r <> ''
  and r not in (select rolname from pg_roles) and r !~ '^pg_') missing having count(*) > 0;
select format('the extensions %s are not installed here: install their packages',
  string_agg(e, ', ')) from regexp_split_to_table(:'extensions', E'\n') e
where e <> '' and e not in (select name from pg_available_extensions) having count(*) > 0;
select format('%s may not give objects to %s: use a superuser on staging (user or as: postgres)',
  current_user, string_agg(distinct quote_ident(rolname), ', '))
from regexp_split_to_table(:'owners', E'\n') r join pg_roles on rolname = r
where not pg_has_role(pg_roles.oid, 'MEMBER') having count(*) > 0;
SQL
  ) || pg_silent || return
  [ -z "$missing" ] || fail "$(printf '%s' "$missing" | tr '\n' ';')"
}

# pg_create: the same encoding and locale, from the one template that nothing was added to.
pg_create() {
  pg_act "$incoming could not be made" "$PG_MAINT" db="$incoming" encoding="$(pg_told encoding)" \
    collate="$(pg_told collate)" ctype="$(pg_told ctype)" provider="$(pg_told provider)" \
    locale="$(pg_told locale)" <<'SQL'
select format('create database %I template template0', :'db')
  || case when :'encoding' <> '' then format(' encoding %L lc_collate %L lc_ctype %L',
    :'encoding', :'collate', :'ctype') else '' end
  || case when current_setting('server_version_num')::int < 150000 or :'provider' = '' then ''
    when :'provider' = 'i' then format(' locale_provider icu icu_locale %L', :'locale')
    when :'provider' = 'b' then format(' locale_provider builtin builtin_locale %L', :'locale')
    else ' locale_provider libc' end \gexec
SQL
}

# pg_load: standard input. Tablespaces are production's own; a subscription must never wake up here.
pg_load() {
  quoted=$(printf '%s' "$incoming" | sed "s/[\\\\']/\\\\&/g")
  pg_was=$PG_OPTIONS
  PG_OPTIONS="$PG_OPTIONS $PG_LOADING"
  errors=${SCRATCH:-$RUN_DIR}/pg-errors
  # shellcheck disable=SC2046 # one word or none
  pg_run "$PG_MAINT" pg_restore -w --exit-on-error --no-tablespaces --no-subscriptions \
    $(pg_at_once) -d "dbname='$quoted'" 2>"$errors" ||
    fail "the copy did not load to its end: $(grep -v '^Command' "$errors" | tail -n 2)" || return
  pg_unhook && printf 'analyze;' | pg_act "$incoming could not be analysed" "$incoming"
  analysed=$?
  PG_OPTIONS=$pg_was
  return "$analysed"
}

# pg_at_once: what is not committed before its end is left alone by the autovacuum, which would cost
# as much as the load; but each object is then a lock, and their number is limited.
pg_at_once() {
  locks=$(pg_told locks)
  [ -n "$locks" ] || return 0
  room=$(pg_sql "$PG_MAINT" <<'SQL'
select current_setting('max_locks_per_transaction')::int
  * current_setting('max_connections')::int / 2;
SQL
  ) || return 0
  [ "$locks" -gt "${room:-0}" ] || printf '%s' --single-transaction
}

# What would reach out of the server by itself, or at the first query, is off before the copy has a
# name that anything looks for: isolation keeps the application in, not the server.
pg_unhook() {
  said=$(pg_sql "$incoming" <<'SQL'
select format('the login of %s at the foreign server %s was removed', coalesce(usename, 'all'),
  srvname) from pg_user_mappings;
select format('drop user mapping for %s server %I',
  case umuser when 0 then 'public' else quote_ident(usename) end, srvname)
from pg_user_mappings \gexec
select format('jobs of %I.job were switched off', nspname) from pg_class c
join pg_namespace n on n.oid = relnamespace where nspname = 'cron' and relname = 'job';
select 'update cron.job set active = false' where to_regclass('cron.job') is not null \gexec
SQL
  ) || fail "what reaches out of $incoming could not be switched off" || return
  [ -z "$said" ] || say "$said"
}

# keep_postgres SPEC LABEL: an older pristine one goes once the new one has its name.
keep_postgres() {
  pg_open "$1"
  incoming=$(pg_named "$PG_DB" incoming) pristine=$(pg_named "$PG_DB" pristine)
  pg_exists "$incoming" || fail "there is no copy $incoming to be kept" || return
  aside=$(pg_named "$PG_DB" replaced)
  pg_drop "$aside" && pg_close "$incoming" all || return
  if pg_exists "$pristine"; then pg_close "$pristine" all || return; fi
  pg_rename "$pristine" "$aside" "$incoming" && pg_reopen "$pristine" && pg_drop "$aside"
}

# lay_postgres SPEC LABEL: what we laid bears a mark, which a rescue copy of it inherits; a database
# without it was there before us, and is moved aside for good.
lay_postgres() {
  pg_open "$1"
  pristine=$(pg_named "$PG_DB" pristine) laying=$(pg_named "$PG_DB" laying)
  aside=$(pg_named "$PG_DB" replaced)
  pg_end_orphans || return
  pg_exists "$pristine" || fail "there is no copy $pristine to be laid" || return
  pg_drop "$laying" && pg_drop "$aside" || return
  if ! { pg_close "$pristine" all && pg_copy_database "$pristine" "$laying"; }; then
    pg_reopen "$pristine"
    return 1
  fi
  pg_reopen "$pristine" && pg_mark "$laying" || return
  if pg_exists "$PG_DB"; then
    pg_marked || aside=$(pg_free_name "$(pg_named "$PG_DB" before_seatrial)") || return
    pg_close "$PG_DB" all || return
  fi
  pg_close "$laying" all && pg_rename "$PG_DB" "$aside" "$laying" && pg_reopen "$PG_DB" || return
  if [ "$aside" = "$(pg_named "$PG_DB" replaced)" ]; then pg_drop "$aside"
  else pg_reopen "$aside"; fi
}

pg_mark() {
  pg_act "$1 could not be marked" "$PG_MAINT" db="$1" <<'SQL'
alter database :"db" set seatrial.laid to 'yes';
SQL
}

pg_marked() {
  mark=$(pg_sql "$PG_MAINT" db="$PG_DB" <<'SQL'
select 1 from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
where datname = :'db' and setrole = 0 and 'seatrial.laid=yes' = any(setconfig);
SQL
  ) || { pg_silent; exit 1; }
  [ "$mark" = 1 ]
}

discard_postgres() {
  pg_open "$1"
  for tag in incoming pristine laying replaced; do
    pg_drop "$(pg_named "$PG_DB" "$tag")" || return
  done
}
