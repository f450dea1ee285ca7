# shellcheck shell=sh disable=SC2034 # PG_NAME is read by pg_run
# A PostgreSQL database: its content as digests, what was rewritten, and who locks what.

# Every setting that a value's text depends on.
PG_TEXT="set search_path = pg_catalog; set timezone = 'UTC'; set datestyle = 'ISO';
set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 3;
set xmloption = content; set row_security = off; set statement_timeout = 0;
set parallel_setup_cost = 0; set max_parallel_workers_per_gather = 2;"

# rows_postgres SPEC PLACE SHARED: the sum of a hash of each row, so that neither order nor the
# layout on the disk matters, and a row that is there twice counts twice. The content of a
# partitioned table is told as one; a foreign table is another server's. A sequence is one row.
rows_postgres() {
  pg_open "$1"
  {
    printf '%s\n\\set shared ' "$PG_TEXT"
    if [ "$3" = - ]; then printf "'-'\n"
    else
      # One line, as psql reads a quoted word.
      awk -v q="'" 'BEGIN { printf "%s", q }
        { gsub(/\\/, "\\\\"); gsub(/\t/, "\\t"); gsub(q, q q); printf "%s\\n", $0 }
        END { print q }' "$3"
    fi
    pg_rows_text
  } | pg_sql "$2" || fail "the content of $2 cannot be read"
}

# Types whose own hash tells values apart are hashed as they are; any other as text. That takes no
# value for another: a case-insensitive text has equal hashes for what a reader tells apart.
pg_rows_text() {
  cat <<'SQL'
select current_setting('server_version_num')::int >= 140000 as hashes_records \gset
\set hash 'hashtextextended((%s)::text, 0)'
\if :hashes_records
\set hash 'hash_record_extended(%s, 0)'
\endif
with shared as (
  select split_part(l, E'\t', 1) || '.' || split_part(l, E'\t', 2) as name,
    split_part(l, E'\t', 3) = 'text' as as_text, number
  from regexp_split_to_table(:'shared', E'\n') with ordinality lines (l, number)
), seen as (
  select c.oid, nspname || '.' || relname as tab, attnum, attname, relkind,
    nspname || '.' || relname || '.' || attname as name,
    case when atttypid in ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype,
        'oid'::regtype, 'float4'::regtype, 'float8'::regtype, 'numeric'::regtype, 'date'::regtype,
        'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'uuid'::regtype,
        'bytea'::regtype, 'jsonb'::regtype, 'inet'::regtype)
        or (atttypid in ('text'::regtype, 'varchar'::regtype) and attcollation in
          (select oid from pg_collation where collisdeterministic)) then '-' else 'text' end as how
  from pg_class c join pg_namespace n on n.oid = relnamespace
  left join pg_attribute a on attrelid = c.oid and attnum > 0 and not attisdropped
  where (relkind in ('r', 'p') or relkind = 'm' and relispopulated)
    and relpersistence <> 't' and not relispartition
    and nspname !~ '^pg_' and nspname <> 'information_schema'
), told as (
  select oid, tab, relkind, string_agg(format(case when how = 'text' or as_text
      then 't.%I::text collate "C"' else 't.%I' end, attname), ', '
    order by number, attnum) as columns
  from seen left join shared using (name)
  where :'shared' = '-' or shared.name is not null group by oid, tab, relkind
)
select format('select ''rows'', %L, count(*), %s from %s%s t',
  replace(replace(replace(tab, '\', '\\'), E'\t', '\t'), E'\n', '\n'),
  case when columns is null then '''-'''
    else format('coalesce(sum(' || :'hash' || '), 0)', 'row(' || columns || ')') end,
  case relkind when 'p' then '' else 'only ' end, oid::regclass)
from told order by oid \gexec
select format('select ''rows'', %L, 1, last_value || case when is_called then '''' else
  '' (not used)'' end from %s', nspname || '.' || relname, c.oid::regclass)
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind = 'S' and relpersistence <> 't' and nspname !~ '^pg_' \gexec
select rolsuper as reads_all from pg_roles where rolname = current_user \gset
\if :reads_all
select 'rows', 'large objects', count(distinct loid),
  coalesce(sum(hashtextextended(format('%s %s ', loid, pageno) || data::text, 0)), 0)
from pg_largeobject;
\else
select 'rows', 'large objects', count(*),
  coalesce(sum(hashtextextended(format('%s ', oid) || md5(lo_get(oid)), 0)), 0)
from pg_largeobject_metadata;
\endif
SQL
}

# storage_postgres SPEC: a table that was rewritten has another file.
storage_postgres() {
  pg_open "$1"
  pg_sql "$PG_DB" <<'SQL' || fail "the files of $PG_DB cannot be seen"
select 'storage', nspname || '.' || relname, pg_relation_filenode(c.oid), pg_table_size(c.oid)
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'm') and relpersistence <> 't' and nspname !~ '^pg_'
  and nspname <> 'information_schema' order by 2;
SQL
}

# watch_postgres SPEC FILE: looks every quarter of a second until it is killed, and appends what
# blocks others once it has ended: lock TAB TABLE TAB MODE TAB held|waited TAB SINCE TAB SECONDS TAB
# STATEMENT, where SINCE is in seconds of the epoch. Modes that stand in nobody's way but a change
# of schema are left out where they were granted. It is connected to the maintenance database: the
# database that it looks at can be renamed and copied meanwhile.
watch_postgres() {
  pg_open "$1"
  PG_NAME='seatrial watch'
  names=$2.names
  pg_table_names >"$names" || return
  # The reader ends by itself, with what it knows, once there is nothing more to hear.
  pg_sample "$names" 2>/dev/null | pg_spans "$names" >>"$2" &
  spans=$!
  trap 'rm -f -- "$names"; wait "$spans"; exit 0' HUP INT TERM
  wait "$spans"
}

# Of tables and what belongs to them, by their number, also of what is about to be dropped.
pg_table_names() {
  pg_sql "$PG_DB" <<'SQL'
select c.oid, nspname || '.' || relname from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'm', 'p', 'i', 'S', 'v') and nspname !~ '^pg_';
SQL
}

# pg_sample FILE: until the file is gone, or the program that we are part of. Each sample ends with
# a line `.`. A statement for each, so that the client ends with its input, whoever was killed.
pg_sample() {
  while [ -e "$1" ] && kill -s 0 "$$" 2>/dev/null; do
    cat <<'SQL'
select l.pid, l.relation, l.mode, case when l.granted then 'held' else 'waited' end,
  extract(epoch from clock_timestamp())::numeric(14, 3),
  left(regexp_replace(a.query, '\s+', ' ', 'g'), 300)
from pg_locks l join pg_database d on d.oid = l.database left join pg_stat_activity a using (pid)
where d.datname = :'db' and l.locktype = 'relation' and l.relation >= 16384 and (not l.granted
  or l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
union all select null, null, '.', null, null, null order by 2 nulls last;
SQL
    sleep 0.25
  done | pg_sql "$PG_MAINT" db="$PG_DB"
}

# pg_spans NAMES: from samples to spans.
pg_spans() {
  awk -F'\t' '
    function told(key,  part) {
      split(key, part, "\t")
      printf "lock\t%s\t%s\t%s\t%.3f\t%.3f\t%s\n", (part[2] in name) ? name[part[2]] : part[2],
        part[3], part[4], since[key], last[key] - since[key], query[key]
      fflush()
    }
    FNR == NR { name[$1] = $2; next }
    $3 == "." {
      for (key in since) if (!(key in now)) { told(key); delete since[key] }
      for (key in now) delete now[key]
      next
    }
    NF >= 5 {
      key = $1 "\t" $2 "\t" $3 "\t" $4
      if (!(key in since)) since[key] = $5
      now[key] = 1; last[key] = $5; query[key] = $6
    }
    END { for (key in since) told(key) }' "$1" -
}
