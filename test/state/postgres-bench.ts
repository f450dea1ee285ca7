import { spawn } from 'node:child_process';
import type { Box } from '../transaction/sandbox.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';
import type { PostgresServer } from './postgres-server.ts';

let counter = 0;

/** Tables of every sort, and what is easily lost: large objects, sequences, grants, settings. */
const content = `
create extension pg_trgm;
create type mood as enum ('sad', 'ok', 'happy');
create domain short as text check (length(value) < 80);
create schema "Odd Schema";
create table person (id bigserial primary key, name text not null unique, feels mood default 'ok',
  born date, pay numeric(12,2), tags text[], doc json, more jsonb, at timestamptz default now(),
  spot point, markup xml, raw bytea, sort short, span int4range);
insert into person (name, born, pay, tags, doc, more, spot, raw, sort, span)
  select 'name ' || i, date '2000-01-01' + i, i * 1.5, array['a', 'b' || i], '{"a": 1}',
    jsonb_build_object('i', i), point(i, i), decode(md5(i::text), 'hex'), 'x' || i,
    int4range(i, i + 5) from generate_series(1, 500) i;
update person set markup = '<a/>' where id % 2 = 0;
create index person_trgm on person using gin (name gin_trgm_ops);
create table "Odd Schema"."Odd ""Table"" %s" ("a b" int primary key, "C" text);
insert into "Odd Schema"."Odd ""Table"" %s" values (1, E'tab\\there'), (2, 'new
line'), (3, '\\.'), (4, null);
create table twice (a int, b text);
insert into twice values (1, 'same'), (1, 'same'), (1, 'same'), (2, 'other');
create table visit (id int, day date, who bigint references person) partition by range (day);
create table visit_2025 partition of visit for values from ('2025-01-01') to ('2026-01-01');
create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
insert into visit select i, date '2025-06-01' + i, i from generate_series(1, 400) i;
create view happy as select name from person where feels = 'happy';
create materialized view counted as select feels, count(*) from person group by feels;
create function twice_of(a int) returns int language sql immutable as 'select a * 2';
create function touch() returns trigger language plpgsql
  as 'begin new.at := now(); return new; end';
create trigger touch before update on person for each row execute function touch();
alter table twice enable row level security;
create policy all_of_them on twice using (true);
create table unit_a (n int primary key);
create table unit_b (n int primary key);
select lo_from_bytea(0, 'a large object'), lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'));
`;

const settings = (name: string): string => `
alter database "${name}" set search_path to public, "Odd Schema";
alter database "${name}" set work_mem to '5MB';
alter database "${name}" set app.tenant to 'it''s, "quoted" \\ :db';
alter role writer in database "${name}" set statement_timeout to '33s';
alter database "${name}" connection limit 77;
comment on database "${name}" is E'kept\\nin two lines, :"db"';
revoke all on database "${name}" from public;
grant connect on database "${name}" to writer with grant option;
set role writer; grant connect on database "${name}" to reader; reset role;
grant temporary on database "${name}" to reader;
`;

/** Everything that a user can read, with what belongs to the database and is not in a dump. */
const everything = `
select format('select %L, t::text from %s t order by 2', oid::regclass, oid::regclass)
from pg_class
where relkind in ('r', 'm') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
order by 1 \\gexec
select oid, md5(lo_get(oid)) from pg_largeobject_metadata order by 1;
select schemaname, sequencename, last_value from pg_sequences order by 1, 2;
select indexdef from pg_indexes where schemaname !~ '^pg_' order by 1;
select conname, pg_get_constraintdef(oid) from pg_constraint
where connamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1, 2;
select pg_get_userbyid(datdba), datconnlimit, datallowconn, encoding, datcollate,
  (select array_agg(a::text order by a::text) from unnest(datacl) a),
  shobj_description(oid, 'pg_database') from pg_database where datname = current_database();
select setrole::regrole, c from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase,
unnest(setconfig) c where datname = current_database() and c !~ '^seatrial' order by 1, 2;
`;

function readAll(server: PostgresServer, name: string): string {
  return server.databases().includes(name) ? server.sql(name, everything) : '';
}

class PostgresSite implements Site {
  readonly spec: string;
  readonly name: string;
  private readonly server: PostgresServer;

  constructor(server: PostgresServer, name: string, more: Readonly<Record<string, string>>) {
    this.server = server;
    this.name = name;
    this.spec = server.spec(name, more);
  }

  fill(): void {
    this.server.sql('postgres', `create database "${this.name}" owner owner template template0`);
    this.server.sql(this.name, content);
    this.server.sql('postgres', settings(this.name));
  }

  read(): string { return readAll(this.server, this.name); }

  spoil(): void {
    this.server.sql(this.name, `update person set name = name || '!' where id < 9;
delete from twice where ctid = (select min(ctid) from twice); alter table person drop column pay;
create table if not exists new_one (a int); insert into new_one values (1);
select lo_unlink(oid) from pg_largeobject_metadata limit 1;`);
    this.server.sql('postgres', `alter database "${this.name}" set work_mem to '7MB';
grant create on database "${this.name}" to reader`);
  }

  startWriting(): Writer {
    const loop = spawn('sh', ['-c', `n=0; while :; do n=$((n + 1)); printf '%s\\n' "begin;
insert into unit_a values ($n); insert into unit_b values ($n);
insert into person (name) values ('w$n'); commit;" "\\echo $n"; sleep 0.02; done |
psql -X -q -A -t -v ON_ERROR_STOP=1`],
    { env: this.server.environment(this.name, 'postgres'), detached: true,
      stdio: ['ignore', 'pipe', 'pipe'] });
    const writer = countingWriter(loop);
    return {
      reached: writer.reached,
      stop: async () => {
        // The last one may be in flight: it is told or it is not, and then asked for.
        process.kill(-(loop.pid ?? 0), 'SIGTERM');
        await writer.ended();
        return this.units();
      },
    };
  }

  units(): number {
    const [a = '', b = ''] = this.server.sql(this.name, `select
(select coalesce(max(n), 0) || ' ' || count(*) from unit_a),
(select coalesce(max(n), 0) || ' ' || count(*) from unit_b)`).split('|');
    if (a !== b || a.split(' ')[0] !== a.split(' ')[1]) throw new Error(`torn: ${a} and ${b}`);
    return Number(a.split(' ')[0]);
  }

  aside(): string {
    // Kept once: what was laid by us is no state of its own.
    const kept = this.server.databases().filter((it) => it.startsWith(`${this.name}_before`));
    if (kept.length > 1) throw new Error(`kept aside: ${kept.join(', ')}`);
    return readAll(this.server, `${this.name}_before_seatrial`);
  }

  close(): void {
    for (const name of this.server.databases().filter((it) => it.startsWith(this.name))) {
      this.server.sql('postgres', `drop database "${name}" with (force)`);
    }
  }
}

/** `name`: of its databases; else one that nothing but careful quoting survives. */
export function postgresBench(
  server: () => PostgresServer, more: Readonly<Record<string, string>> = {},
  name = "%s 'quoted' Ü",
): Bench {
  return {
    kind: 'postgres',
    dropsPlaces: true,
    copiesLive: true,
    // As another user it would kill itself alone.
    programs: [more['as'] === undefined ? 'psql' : 'runuser', 'pg_dump', 'pg_restore'],
    site: (_box: Box, role) => {
      counter += 1;
      return new PostgresSite(server(), `${role} ${name}${counter}`.replaceAll(' ', '-'), more);
    },
  };
}

/** Roles that own, write and read. */
export const roles = `create role owner login createdb; create role writer login;
create role reader login;`;
