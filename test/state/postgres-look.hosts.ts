import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { quote } from '../../src/command/quote.ts';
import { makeBox, temporary, write } from '../transaction/sandbox.ts';
import { Verbs } from './bench.ts';
import { postgresBench, roles } from './postgres-bench.ts';
import { PostgresServer, postgresPrograms } from './postgres-server.ts';

process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

let server: PostgresServer;
let host: Verbs;
beforeAll(async () => {
  server = await PostgresServer.start();
  server.sql('postgres', roles);
  const bench = postgresBench(() => server);
  const box = makeBox(join(temporary(), 'host'));
  host = new Verbs(bench, { box, shell: 'dash',
    site: { ...await bench.site(box, 'staging'), spec: server.spec('look') } });
});
afterAll(() => { server.stop(); });
beforeEach(() => {
  server.sql('postgres', 'drop database if exists look with (force)');
  server.sql('postgres', 'create database look template template0');
});

async function rows(shared = '-'): Promise<Map<string, string>> {
  const lines = (await host.must('rows', 'look', shared)).trimEnd().split('\n');
  return new Map(lines.map((line) => {
    const [, table = '', ...rest] = line.split('\t');
    return [table, rest.join(' ')];
  }));
}

const digestOf = async (table: string, shared = '-'): Promise<string | undefined> =>
  (await rows(shared)).get(table);

/** Whether a statement changes what is told of public.t. */
async function changes(statement: string): Promise<boolean> {
  const before = await digestOf('public.t');
  server.sql('look', statement);
  return await digestOf('public.t') !== before;
}

describe('the digest of rows', () => {
  it('does not depend on order or layout, and depends on every value', async () => {
    server.sql('look', `create extension citext; create extension hstore;
create table t (id int, name text, ci citext, j json, b jsonb, p point, x xml, a text[], n numeric,
  d timestamptz, h hstore, f float8, r int4range, c char(5), e bytea, o interval,
  z text collate "C");
insert into t select i, 'n' || i, 'Ci' || i, '{"a":1}', '{"a":1}', point(i, 1), '<a/>', array['x'],
  i, '2026-01-01', 'k=>v', i / 3.0, int4range(1, i), 'ab', '\\x00ff', '1 day', 'z'
from generate_series(1, 40) i`);
    expect(await changes('update t set id = id; vacuum full t; create index on t (id); analyze'))
      .toBe(false);
    expect(await changes(`create table u as select * from t order by id desc; drop table t;
alter table u rename to t`)).toBe(false);
    const edits = ['name = null', 'name = \'\'', 'ci = upper(ci::text)', 'j = \'{"a":2}\'',
      'b = \'{"a": "1"}\'', 'p = point(9, 9)', 'x = \'<b/>\'', 'a = array[\'x\', null]',
      'n = n + 0.001', 'd = d + interval \'1 hour\'', 'h = \'k=>w\'', 'f = f + 1e-12',
      'r = int4range(1, 99)', 'c = \'ac\'', 'e = \'\\x00fe\'', 'o = \'25 hours\'', 'z = \'Z\''];
    const unseen: string[] = [];
    for (const edit of edits) {
      if (!await changes(`update t set ${edit} where id = 7`)) unseen.push(edit);
    }
    expect(unseen).toEqual([]);
  });

  it('counts what is there twice, and sees two values that were exchanged', async () => {
    server.sql('look', `create table t (a int, b int);
insert into t values (1, 1), (1, 1), (2, 3)`);
    expect(await changes(`delete from t where ctid = (select min(ctid) from t);
insert into t values (2, 3)`)).toBe(true);
    expect(await changes('update t set a = b, b = a where a <> b')).toBe(true);
  });

  it('is of the columns that are named, cast where the type is another', async () => {
    server.sql('look', `create table t (a int, b text, c int);
insert into t values (1, 'x', 5)`);
    const shared = write(join(host.box.root, 'shared'),
      'public.t\ta\ttext\npublic.t\tb\t-\npublic.gone\ta\t-\n');
    const before = await digestOf('public.t', shared);
    server.sql('look', `alter table t alter a type bigint, drop c;
alter table t add "new 'one\\" int default 1`);
    expect(await digestOf('public.t', shared)).toBe(before);
    expect((await rows(shared)).has('public.gone')).toBe(false);
    server.sql('look', 'update t set b = \'y\'');
    expect(await digestOf('public.t', shared)).not.toBe(before);
  });

  it('of a partitioned table is one, whatever holds its rows', async () => {
    server.sql('look', `create table t (a int, b text);
insert into t select i, 'x' from generate_series(1, 30) i`);
    expect(await changes(`alter table t rename to old; create table t (a int, b text)
partition by range (a); create table t1 partition of t for values from (0) to (20);
create table t2 partition of t default; insert into t select * from old`)).toBe(false);
    expect([...(await rows()).keys()]).toEqual(['public.old', 'public.t', 'large objects']);
  });

  it('tells where a sequence stands, and what large objects hold', async () => {
    server.sql('look', `create table t (a serial); insert into t default values;
select lo_from_bytea(4711, 'one')`);
    const before = await rows();
    expect(before.get('public.t_a_seq')).toBe('1 1');
    server.sql('look', 'select setval(\'t_a_seq\', 9); select lo_put(4711, 0, \'two\')');
    const after = await rows();
    expect(after.get('public.t_a_seq')).toBe('1 9');
    expect(after.get('large objects')).not.toBe(before.get('large objects'));
    expect(after.get('large objects')).toMatch(/^1 /);
  });
});

describe('storage', () => {
  it('has another file exactly where a table was rewritten', async () => {
    server.sql('look', 'create table t (a int); create table u (a int); insert into t values (1)');
    const files = async () => new Map((await host.must('storage')).trimEnd().split('\n')
      .map((line) => line.split('\t')).map(([, table, file]) => [table, file]));
    const before = await files();
    server.sql('look', 'alter table t add b int default 1; alter table u alter a type bigint');
    const after = await files();
    expect(after.get('public.t')).toBe(before.get('public.t'));
    expect(after.get('public.u')).not.toBe(before.get('public.u'));
  });
});

describe('a watch', () => {
  it('tells who held and who waited, stands in nobody\'s way, and ends when told', async () => {
    server.sql('look', 'create table t (a int); create table u (a int)');
    const file = join(host.box.root, 'locks');
    const running = host.shellText(`(watch_postgres ${quote(server.spec('look'))} '${file}' & \
echo "$!" >'${file}.pid'; wait "$!")`);
    await until(() => watching() === '1');
    const holder = server.session('look', `begin; alter table t add b int; select pg_sleep(2);
commit; begin; lock table u in exclusive mode; select pg_sleep(30);`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const waiter = spawn('psql', ['-X', '-q', '-c', 'select count(*) from t'],
      { env: server.environment('look', 'postgres'), stdio: 'ignore' });
    await new Promise((resolve) => waiter.on('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    process.kill(Number(readFileSync(`${file}.pid`, 'utf8')), 'SIGTERM');
    await running;
    holder.kill('SIGKILL');
    const spans = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
    expect(spans.map(([word, table, mode, how]) => [word, table, mode, how].join(' ')).sort())
      .toEqual(['lock public.t AccessExclusiveLock held', 'lock public.t AccessShareLock waited',
        'lock public.u ExclusiveLock held']);
    expect(spans.filter(([, , , , since, seconds]) => !(Number(since) > 1e9
      && Number(seconds) >= 0.2 && Number(seconds) < 20))).toEqual([]);
    expect(existsSync(`${file}.names`)).toBe(false);
    await until(() => watching() === '0');
    expect(watching()).toBe('0');
  });
});

const watching = (): string => server.sql('postgres',
  'select count(*) from pg_stat_activity where application_name = \'seatrial watch\'');

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !holds(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
