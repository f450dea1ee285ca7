import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBox, run, temporary } from '../transaction/sandbox.ts';
import { Verbs, type Site } from './bench.ts';
import { postgresBench, roles } from './postgres-bench.ts';
import { PostgresServer, postgresPrograms } from './postgres-server.ts';

process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
  server.sql('postgres', roles);
  server.sql('postgres', 'create role weak login');
});
afterAll(() => { server.stop(); });

const bench = postgresBench(() => server);

/** A host with a database of a short name, and what the verbs say of it. */
async function withHost(
  name: string, act: (host: Verbs) => Promise<void>, more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const box = makeBox(join(temporary(), 'host'));
  const site: Site = { ...await bench.site(box, 'production'), spec: server.spec(name, more) };
  server.sql('postgres', `create database "${name}" owner owner template template0`);
  try {
    await act(new Verbs(bench, { box, site, shell: 'dash' }));
  } finally {
    for (const it of server.databases().filter((one) => one.includes(name))) {
      server.sql('postgres', `alter database "${it}" is_template false`);
      server.sql('postgres', `drop database "${it}" with (force)`);
    }
  }
}

/** Problems that a probe tells, by message. */
async function problems(host: Verbs): Promise<[message: string, fix: string][]> {
  const file = join(host.box.root, 'probe');
  expect(await host.bare('probe', file, 'state1')).toEqual({ status: 0, errors: '' });
  return readFileSync(file, 'utf8').split('\n').map((line) => line.split('\t'))
    .filter(([, , key]) => key === 'problem')
    .map(([, , , message = '', fix = '']) => [message, fix]);
}

const isOpen = (name: string): string =>
  server.sql('postgres', `select datallowconn from pg_database where datname = '${name}'`);

async function untilActive(text: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (server.sql('postgres', `select count(*) from pg_stat_activity where query ~ '${text}'
and pid <> pg_backend_pid()`) !== '0') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no session does ${text}`);
}

describe('sessions of others', () => {
  it('that do nothing are ended; one that works is named, and the database is open again', () =>
    withHost('busy', async (host) => {
      const idle = server.session('busy', 'select 1;', 'reader');
      await host.must('rescue', 'state1', 'there');
      await host.must('restore', 'state1');
      const busy = server.session('busy', 'begin; select pg_sleep(60);', 'reader');
      try {
        await untilActive('pg_sleep.60');
        expect(await host.refused('rescue', 'state1', 'there')).toMatch(
          /^busy is in use by process \d+ \(client backend of reader, a test, from this host\)/);
        expect([isOpen('busy'), host.rescues()]).toEqual(['t', []]);
      } finally {
        busy.kill('SIGKILL');
        idle.kill('SIGKILL');
      }
      server.sql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity
where datname = 'busy'`);
      server.sql('busy', 'begin; create table t (a int); prepare transaction \'half\'');
      expect(await host.refused('rescue', 'state1', 'there'))
        .toContain('prepared transaction half');
      expect(await problems(host)).toEqual([[
        expect.stringContaining('half is open in database busy'),
        expect.stringContaining('rollback prepared \'half\'')]]);
      server.sql('busy', 'rollback prepared \'half\'');
      await host.must('rescue', 'state1', 'there');
    }));

  it('never keep the undo from going back', () => withHost('kicked', async (host) => {
    await host.must('rescue', 'state1', 'there');
    const failed = server.session('kicked', `begin; create table left_open ();
select pg_sleep(60);`);
    try {
      await untilActive('pg_sleep.60');
      await host.must('restore', 'state1');
    } finally {
      failed.kill('SIGKILL');
    }
    expect(server.sql('kicked', 'select count(*) from pg_class where relname = \'left_open\''))
      .toBe('0');
  }));

  it('of a program of this run that was killed are ended first', () =>
    withHost('orphan', async (host) => {
      const left = server.session('postgres', `set application_name = 'seatrial fake ${run}';
select pg_sleep(60);`);
      try {
        await untilActive('pg_sleep.60');
        await host.must('restore', 'state1');
        expect(server.sql('postgres', `select count(*) from pg_stat_activity
where application_name = 'seatrial fake ${run}'`)).toBe('0');
      } finally {
        left.kill('SIGKILL');
      }
    }));
});

describe('a server that does not answer', () => {
  it('is never taken for a database that is not there', () =>
    withHost('silent', async (host) => {
      expect(await host.refused('rescue', 'state1', 'first')).toMatch(/cannot be asked/);
      expect(await host.refused('restore', 'state1')).toMatch(/cannot be asked/);
      expect(await problems(host)).toEqual([[expect.stringMatching(/cannot be reached: .*refused/i),
        expect.stringContaining('.pgpass')]]);
    }, { port: '1', host: '127.0.0.1' }));
});

describe('rights that are missing', () => {
  it('are told all at once, each with what to run', () => withHost('rights', async (host) => {
    server.sql('rights', 'create table secret (a int)');
    server.sql('postgres', 'alter role reader in database rights set work_mem to \'5MB\'');
    const idle = server.session('rights', 'select 1;', 'postgres');
    await untilActive('select 1');
    const found = await problems(host);
    idle.kill('SIGKILL');
    expect(found.map(([message]) => message)).toEqual([
      expect.stringMatching(/^role weak may not create databases/),
      'role weak may not rename database rights, which belongs to owner',
      expect.stringMatching(/^settings of other roles are kept for database rights \(reader\)/),
      expect.stringMatching(/^role weak may not end the sessions of role postgres/),
      'role weak may not read 1 tables of database rights (secret)',
    ]);
    expect(found.every(([, fix]) => fix.length > 20)).toBe(true);
    expect(await host.refused('rescue', 'state1', 'there')).toMatch(/nobody could be kept out/);
    expect(isOpen('rights')).toBe('t');
  }, { user: 'weak' }));

  it('are enough where the owner may create databases', () => withHost('owned', async (host) => {
    server.sql('owned', 'create table mine (a int); insert into mine values (1)', 'owner');
    expect(await problems(host)).toEqual([]);
    await host.must('rescue', 'state1', 'there');
    server.sql('owned', 'drop table mine', 'owner');
    await host.must('restore', 'state1');
    expect(server.sql('owned', 'table mine', 'owner')).toBe('1');
    expect(host.rescues()).toEqual([]);
  }, { user: 'owner' }));
});

describe('another user of the system', () => {
  it('runs every client, with both streams', () => withHost('fits', async (host) => {
    server.sql('fits', 'create table t (a int); insert into t values (7)');
    expect(await problems(host)).toEqual([]);
    const file = join(host.box.root, 'stream');
    expect(await host.bare('copy', file)).toEqual({ status: 0, errors: '' });
    await host.must('rescue', 'state1', 'there');
    server.sql('fits', 'drop table t');
    await host.must('restore', 'state1');
    expect(server.sql('fits', 'table t')).toBe('7');
    const ran = await host.shellText(`${host.text('receive', 'state1')} <'${file}'`);
    expect(ran).toMatchObject({ status: 0 });
    expect(server.sql('fits_incoming', 'table t')).toBe('7');
  }, { as: 'postgres', user: '' }));
});

describe('what belongs to a database', () => {
  it('is looked at after the swap, and what is another is named', () =>
    withHost('settings', async (host) => {
      server.sql('postgres', 'alter database settings set work_mem to \'9MB\'');
      await host.must('rescue', 'state1', 'there');
      server.sql('postgres', `alter database "${await host.place('rescue')}" reset work_mem`);
      expect(await host.refused('restore', 'state1')).toMatch(/settings has other .*work_mem=9MB/);
    }));

  it('is copied even where the collation is older than the system, which a probe tells', () =>
    withHost('sorted', async (host) => {
      server.sql('postgres', `drop database sorted;
create database sorted template template0 locale_provider icu icu_locale 'en-US'`);
      server.sql('sorted', 'create table t (a text primary key); insert into t values (\'b\')');
      expect(await problems(host)).toEqual([]);
      server.sql('postgres', `update pg_database set datcollversion = '0.1'
where datname = 'sorted'`);
      expect(await problems(host)).toEqual([[
        expect.stringMatching(/^database sorted is of collation version 0.1, .* may be wrong$/),
        expect.stringContaining('refresh collation version')]]);
      await host.must('rescue', 'state1', 'there');
      server.sql('sorted', 'drop table t');
      await host.must('restore', 'state1');
      expect(server.sql('sorted', 'table t')).toBe('b');
      expect(server.sql('postgres', `select datcollversion from pg_database
where datname = 'sorted'`)).toBe('0.1');
    }));

  it('has a place of at most 63 bytes, whatever its name', () => {
    const name = `${'ä'.repeat(20)} "and" 'more'`;
    return withHost(name.replaceAll('"', ''), async (host) => {
      await host.must('rescue', 'state1', 'there');
      // With room for a number: a twelfth failed one of the same run has a name of its own.
      expect(Buffer.byteLength(await host.place('rescue'))).toBeLessThanOrEqual(60);
      await host.must('restore', 'state1');
    });
  });
});

describe('a stream that does not fit', () => {
  const received = async (host: Verbs, stream: Buffer | string): Promise<string> => {
    const file = join(host.box.root, 'stream');
    writeFileSync(file, stream);
    const ran = await host.shellText(`${host.text('receive', 'state1')} <'${file}'`);
    expect([ran.status, server.databases().filter((it) => it.includes('incoming'))])
      .toEqual([ran.status, ran.status === 0 ? ['fits_incoming'] : []]);
    return readFileSync(join(host.box.runDirectory, 'why'), { encoding: 'utf8', flag: 'a+' });
  };
  const copied = async (host: Verbs): Promise<Buffer> => {
    const file = join(host.box.root, 'stream');
    expect(await host.bare('copy', file)).toEqual({ status: 0, errors: '' });
    return readFileSync(file);
  };
  const withLine = (stream: Buffer, key: string, value: string): Buffer => {
    const end = stream.indexOf('\narchive\n');
    const head = stream.subarray(0, end).toString().split('\n')
      .filter((line) => !line.startsWith(`${key}\t`));
    head.splice(1, 0, `${key}\t${Buffer.from(value).toString('base64')}`);
    return Buffer.concat([Buffer.from(head.join('\n')), stream.subarray(end)]);
  };

  it('is refused before it is loaded, with every reason', () => withHost('fits', async (host) => {
    server.sql('fits', 'create table t (a int); alter table t owner to writer');
    const stream = await copied(host);
    server.sql('postgres', 'alter role writer rename to renamed');
    try {
      expect(await received(host, withLine(withLine(stream, 'server', '990001'),
        'extension', 'nowhere'))).toMatch(
        /this server is PostgreSQL 1.*upgrade.*roles writer do not exist.*extensions nowhere are/);
    } finally {
      server.sql('postgres', 'alter role renamed rename to writer');
    }
    expect(await received(host, withLine(stream, 'dump', 'pg_dump (PostgreSQL) 99.1')))
      .toMatch(/install postgresql-client-99 here/);
    expect(await received(host, 'create table t ();')).toMatch(/neither one of Seatrial nor/);
    expect(await received(host, stream)).toBe('');
  }));

  it('a backup of pg_dump -Fc is taken as it is', () => withHost('fits', async (host) => {
    server.sql('fits', 'create table t (a int); insert into t values (7)');
    const dump = execFileSync('pg_dump', ['-Fc'], { env: server.environment('fits', 'postgres') });
    expect(await received(host, dump)).toBe('');
    expect(server.sql('fits_incoming', 'table t')).toBe('7');
    expect(await received(host, dump.subarray(0, dump.length - 9))).toMatch(/did not load/);
  }));

  it('what would reach out of the server is switched off', () => withHost('fits', async (host) => {
    server.sql('fits', `create extension postgres_fdw; create server far foreign data wrapper
postgres_fdw options (host 'production'); create user mapping for writer server far
options (user 'x', password 'secret'); create user mapping for public server far;
create schema cron; create table cron.job (id int, active bool);
insert into cron.job values (1, true);
create subscription sub connection 'host=production' publication p with (connect = false)`);
    expect((await problems(host)).map(([message]) => message))
      .toEqual(['database fits is fed by subscription sub, which a rename would cut']);
    const stream = await copied(host);
    server.sql('fits', 'alter subscription sub set (slot_name = none); drop subscription sub');
    expect(await received(host, stream)).toBe('');
    expect(server.sql('fits_incoming', `select (select count(*) from pg_user_mappings),
(select count(*) from pg_foreign_server), (select count(*) from pg_subscription),
(select active from cron.job)`)).toBe('0|1|0|f');
  }));
});
