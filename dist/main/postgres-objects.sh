# shellcheck shell=sh
# A PostgreSQL database: its schema, one object a line. What an extension brought is the extension.

# objects_postgres SPEC PLACE: KIND TAB NAME TAB DETAIL, sorted; a partition is one line.
objects_postgres() {
  pg_open "$1"
  pg_objects "$2" >"${SCRATCH:-$RUN_DIR}/pg-objects" || fail "the schema of $2 cannot be read" ||
    return
  LC_ALL=C sort -- "${SCRATCH:-$RUN_DIR}/pg-objects"
}

# Set operations on views of one shape: KIND, NAME, DETAIL.
pg_objects() {
  pg_sql "$1" <<'SQL'
set search_path = pg_catalog;
\set ours '(select oid, nspname as s from pg_namespace where nspname !~ ''^pg_'''
\set ours :ours ' and nspname <> ''information_schema'') n'
\set rels '(select c.*, n.s || ''.'' || c.relname as name from pg_class c join ' :ours
\set rels :rels ' on n.oid = c.relnamespace where c.relpersistence <> ''t'' and not exists'
\set rels :rels ' (select from pg_depend where classid = ''pg_class''::regclass'
\set rels :rels ' and objid = c.oid and deptype = ''e'')) r'
\set own 'not exists (select from pg_depend where objid = o.oid and deptype = ''e'')'
select kind, replace(replace(replace(name, '\', '\\'), E'\t', '\t'), E'\n', '\n'),
  replace(replace(replace(detail, '\', '\\'), E'\t', '\t'), E'\n', '\n')
from (
select 'table' as kind, name, concat_ws(' ', case relkind when 'f' then 'foreign table'
    when 'p' then 'partitioned by ' || pg_get_partkeydef(oid) else 'table' end,
  case relpersistence when 'u' then 'unlogged' end,
  case when relispartition then 'partition of ' || (select inhparent::regclass from pg_inherits
    where inhrelid = r.oid limit 1) || ' ' || pg_get_expr(relpartbound, oid) end,
  case when relrowsecurity then 'row security' end, case when relforcerowsecurity then 'forced' end,
  reloptions) as detail from :rels where relkind in ('r', 'p', 'f')
union all
select 'column', name || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod),
  case when attnotnull then 'not null' end, case when attcollation <> typcollation
    then 'collate ' || attcollation::regcollation end,
  case attidentity when 'a' then 'identity' when 'd' then 'identity by default' end,
  case when attgenerated <> '' then 'generated' end, 'default ' || pg_get_expr(adbin, adrelid))
from :rels join pg_attribute on attrelid = r.oid and attnum > 0 and not attisdropped
join pg_type t on t.oid = atttypid left join pg_attrdef on adrelid = attrelid and adnum = attnum
where relkind in ('r', 'p', 'f', 'm') and not relispartition
union all
select 'index', s || '.' || i.relname, concat_ws(' ', pg_get_indexdef(i.oid),
  case when not indisvalid then 'invalid' end)
from :rels join pg_index on indrelid = r.oid join pg_class i on i.oid = indexrelid
join :ours on n.oid = i.relnamespace where not r.relispartition
  and not exists (select from pg_constraint where conindid = i.oid and contype in ('p', 'u', 'x'))
union all
select 'index', n.s || '.' || stxname, 'statistics ' || pg_get_statisticsobjdef(o.oid)
from pg_statistic_ext o join :ours on n.oid = stxnamespace where :own
union all
select 'constraint', name || '.' || conname, concat_ws(' ', pg_get_constraintdef(o.oid),
  case when not convalidated then 'not validated' end)
from pg_constraint o join :rels on r.oid = conrelid where contype in ('p', 'u', 'x', 'c', 'f')
  and not relispartition
union all
select 'trigger', name || '.' || tgname, concat_ws(' ', pg_get_triggerdef(o.oid),
  case tgenabled when 'D' then 'disabled' when 'A' then 'always' when 'R' then 'replica' end)
from pg_trigger o join :rels on r.oid = tgrelid where not tgisinternal and tgparentid = 0
union all
select 'trigger', name || '.' || rulename, pg_get_ruledef(o.oid)
from pg_rewrite o join :rels on r.oid = ev_class where rulename <> '_RETURN'
union all
select 'trigger', evtname, format('on %s execute %s', evtevent, evtfoid::regproc)
from pg_event_trigger o where :own
union all
select 'view', name, case relkind when 'm' then 'materialized ' else '' end
  || concat_ws(' ', pg_get_viewdef(oid), reloptions) from :rels where relkind in ('v', 'm')
union all
select 'function', format('%s.%s(%s)', n.s, proname, pg_get_function_identity_arguments(o.oid)),
  format('%s returns %s, %s, text %s', case prokind when 'p' then 'procedure' when 'a'
    then 'aggregate' else 'function' end, pg_get_function_result(o.oid), l.lanname,
  md5(concat_ws(' ', prosrc, probin, provolatile, proisstrict, prosecdef, proleakproof, proconfig,
    pg_get_function_arguments(o.oid))))
from pg_proc o join :ours on n.oid = pronamespace join pg_language l on l.oid = prolang where :own
union all
select 'sequence', name, format('%s from %s by %s, %s to %s, cache %s%s',
  format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcache,
  case when seqcycle then ', cycle' else '' end)
from :rels join pg_sequence on seqrelid = r.oid
union all
select 'type', n.s || '.' || typname, case typtype
  when 'e' then 'enum ' || (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
    from pg_enum where enumtypid = o.oid)
  when 'd' then concat_ws(' ', 'domain', format_type(typbasetype, typtypmod), case when typnotnull
    then 'not null' end, 'default ' || typdefault, (select string_agg(pg_get_constraintdef(oid), ' '
      order by conname) from pg_constraint where contypid = o.oid and contype = 'c'))
  when 'c' then 'composite ' || (select string_agg(attname || ' '
    || format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute
    where attrelid = typrelid and attnum > 0)
  when 'r' then 'range of ' || (select format_type(rngsubtype, null) from pg_range
    where rngtypid = o.oid) else 'base' end
from pg_type o join :ours on n.oid = typnamespace left join pg_class c on c.oid = typrelid
where typtype in ('e', 'd', 'r') or (typtype = 'c' and relkind = 'c') and :own
union all
select 'extension', extname, extversion from pg_extension
union all
select 'owner', name, pg_get_userbyid(relowner) from :rels where relkind not in ('i', 'I', 't')
union all
select 'owner', 'schema ' || n.s, pg_get_userbyid(nspowner)
from pg_namespace o join :ours on n.oid = o.oid where :own
union all
select 'owner', format('%s.%s(%s)', n.s, proname, pg_get_function_identity_arguments(o.oid)),
  pg_get_userbyid(proowner) from pg_proc o join :ours on n.oid = pronamespace where :own
union all
select 'grant', name, format('%s to %s%s', privilege_type,
  coalesce(nullif(grantee, 0)::regrole::text, 'public'),
  case when is_grantable then ' with grant option' else '' end)
from (
  select name, coalesce(relacl, acldefault((case relkind when 'S' then 's' else 'r' end)::"char",
    relowner)) as acl from :rels where relkind not in ('i', 'I', 't')
  union all
  select name || '.' || attname, attacl from :rels join pg_attribute on attrelid = r.oid
  where attnum > 0 and not attisdropped and attacl is not null
  union all
  select 'schema ' || n.s, coalesce(nspacl, acldefault('n', nspowner))
  from pg_namespace o join :ours on n.oid = o.oid where :own
  union all
  select format('%s.%s(%s)', n.s, proname, pg_get_function_identity_arguments(o.oid)),
    coalesce(proacl, acldefault('f', proowner))
  from pg_proc o join :ours on n.oid = pronamespace where :own
  union all
  select concat_ws(' ', 'default of', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace,
    defaclobjtype), defaclacl from pg_default_acl
  union all
  select 'the database', coalesce(datacl, acldefault('d', datdba)) from pg_database
  where datname = current_database()
) acls, aclexplode(acl)
union all
select 'grant', name || '.' || polname, format('policy for %s to %s using (%s) check (%s)%s',
  polcmd, (select string_agg(coalesce(nullif(member, 0)::regrole::text, 'public'), ', '
    order by member)
    from unnest(polroles) member), pg_get_expr(polqual, polrelid),
  pg_get_expr(polwithcheck, polrelid), case when polpermissive then '' else ' restrictive' end)
from pg_policy join :rels on r.oid = polrelid
union all
select 'setting', concat_ws(' ', nullif(setrole, 0)::regrole, split_part(c, '=', 1)),
  substr(c, strpos(c, '=') + 1) from pg_db_role_setting, unnest(setconfig) c
where setdatabase = (select oid from pg_database where datname = current_database())
  and c !~ '^seatrial[.]'
union all
select 'setting', 'publication ' || pubname, concat_ws(' ', case when puballtables then 'all tables'
  end, pubinsert, pubupdate, pubdelete, pubtruncate, (select string_agg(
    prrelid::regclass::text, ', ' order by prrelid::regclass::text) from pg_publication_rel
    where prpubid = o.oid))
from pg_publication o
union all
select 'setting', 'server ' || srvname, concat_ws(' ', fdwname, srvoptions)
from pg_foreign_server join pg_foreign_data_wrapper f on f.oid = srvfdw
) objects;
SQL
}
