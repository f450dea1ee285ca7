import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyToStaging } from '../../src/copy/copy.ts';
import { MariadbServer } from '../state/mariadb-server.ts';
import { PostgresServer, postgresPrograms } from '../state/postgres-server.ts';
import { makeCode, makeHosts } from './hosts.ts';

process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

/** How many files below a directory hold this text. */
function filesWith(directory: string, text: string): number {
  const ran = spawnSync('grep', ['-r', '-l', '-a', '-F', '-e', text, directory],
    { encoding: 'utf8' });
  return ran.stdout.split('\n').filter((it) => it !== '').length;
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

const yaml = (text: string): string => JSON.stringify(text);

interface Masking {
  readonly state: string;
  /** One entry of `mask`, without the state. */
  readonly by: string;
  readonly sql?: string;
}

async function copyMasked({ state, by, sql = '' }: Masking): Promise<void> {
  const hosts = makeHosts({ state: [state], instead: [['people', 'masked']],
    more: [`mask: [{ state: people, ${by} }]`] });
  makeCode(hosts);
  try {
    await copyToStaging(hosts.input({ readFile: async () => await Promise.resolve(sql) }));
  } finally {
    await hosts.close();
  }
}

// Samples of their values take several pages of the catalogue.
const columns = (of: (name: string) => string): string =>
  Array.from({ length: 80 }, (_, at) => of(`c${at}`)).join(', ');
const content = `
create table person (id int, name text, nick text);
insert into person select i, 'secret-' || i % 7, 'secret-nick-' || i
  from generate_series(1, 5000) i;
create table place (id int primary key, name text);
insert into place select i, 'known-' || i % 7 from generate_series(1, 500) i;
create table wide (${columns((it) => `${it} text`)});
insert into wide select ${columns(() => '\'secret-\' || i % 3')} from generate_series(1, 99) i;
create materialized view names as select distinct name from person;
create materialized view "more Names" as select name || '!' as name from names;
select lo_from_bytea(7, 'secret-large');
analyze;`;
const text = `update person set name = 'nobody';
update wide set ${columns((it) => `${it} = 'none'`)};
alter table person drop column nick; select lo_put(7, 0, 'public');`;
const greenmask = `common: { pg_bin_path: ${postgresPrograms()} }
restore: { pg_restore_options: { Host: 192.0.2.1, dbname: people } }
dump:
  pg_dump_options: { host: 192.0.2.1, dbname: host=192.0.2.1 dbname=people }
  transformation:
    - schema: public
      name: person
      transformers:
        - { name: Replace, params: { column: name, value: nobody } }
        - { name: SetNull, params: { column: nick } }
`;

describe('what masks replaced in PostgreSQL', () => {
  let server: PostgresServer;
  const kept = 'masked_pristine';
  const psql = (it: string): string =>
    `psql -X -q -v ON_ERROR_STOP=1 -h ${server.root} -p ${server.port} -U postgres ${it}`;
  const state = (user = 'postgres'): string =>
    `postgres: { database: people, host: ${server.root}, port: ${server.port}, user: ${user} }`;
  const written = (): number => {
    server.sql('postgres', 'checkpoint');
    const oid = server.sql('postgres', `select oid from pg_database where datname = '${kept}'`);
    return filesWith(join(server.root, 'data/base', oid), 'secret-');
  };

  beforeAll(async () => {
    server = await PostgresServer.start();
    server.sql('postgres', 'create role owner login createdb');
  });

  beforeEach(() => {
    for (const it of ['people', 'masked_incoming', kept]) {
      server.sql('postgres', `drop database if exists ${it}`);
    }
    server.sql('postgres', 'create database people');
    server.sql('people', content);
  });

  afterAll(() => { server.stop(); });

  it('is in the files and the statistics of a copy that is masked by hand', async () => {
    await copyMasked({ state: state(), by: 'run: "test -n {copy}"' });
    server.sql(kept, text);
    expect(written()).toBeGreaterThan(1);
    expect(server.sql(kept, 'select count(*) from pg_stats where tablename = \'person\' and ' +
      'most_common_vals::text ~ \'secret\'')).toBe('1');
  });

  it.each(['SQL', 'a command'])('by %s is gone from all of it, and only there', async (by) => {
    await copyMasked({ state: state(), sql: text,
      by: by === 'SQL' ? 'sql: mask.sql' : `run: ${yaml(`${psql('-d {copy}')} -c "${text}"`)}` });
    expect(server.sql(kept, 'select distinct name from person')).toBe('nobody');
    expect(server.sql(kept, 'select * from names union select * from "more Names" order by 1'))
      .toBe('nobody\nnobody!');
    expect(server.sql(kept, 'select convert_from(lo_get(7), \'UTF8\')')).toBe('public-large');
    expect(server.sql(kept, 'select count(*) from pg_stats where ' +
      'most_common_vals::text ~ \'secret\' or histogram_bounds::text ~ \'secret\'')).toBe('0');
    expect(server.sql(kept, 'select most_common_vals from pg_stats where ' +
      'attname = \'name\' and tablename = \'person\'')).toBe('{nobody}');
    expect(written()).toBe(0);
    expect(server.sql(kept, 'select relname from pg_class where pg_relation_filenode(oid) = oid ' +
      'and relname in (\'person\', \'place\')')).toBe('place');
    expect(server.sql('people', 'select count(*) from person where name ~ \'secret\''))
      .toBe('5000');
  });

  // It is in no package of Debian: tried where somebody has installed it.
  it.runIf(isThere('greenmask'))('by Greenmask is gone from all of it', async () => {
    await copyMasked({ state: state(), by: 'greenmask: greenmask.yml', sql: greenmask });
    expect(server.sql(kept, 'select distinct name, nick is null from person')).toBe('nobody|t');
    expect(server.sql(kept, 'select name from names')).toBe('nobody');
    expect(server.sql(kept, 'select count(*) from place')).toBe('500');
    expect(server.sql(kept, 'select count(*) from pg_stats where ' +
      'most_common_vals::text ~ \'secret\' and tablename = \'person\'')).toBe('0');
    expect(server.sql('people', 'select count(*) from person where name ~ \'secret\''))
      .toBe('5000');
  });

  it('is refused where Greenmask is not installed', async () => {
    const { PATH } = process.env;
    // Where it is, it stands in a directory of its own.
    process.env.PATH = `${postgresPrograms()}:/usr/sbin:/usr/bin:/sbin:/bin`;
    try {
      await expect(copyMasked({ state: state(), by: 'greenmask: greenmask.yml', sql: greenmask }))
        .rejects.toThrow(/mask of people failed.*greenmask is not installed on /s);
    } finally {
      process.env.PATH = PATH;
    }
    expect(server.databases()).not.toContain(kept);
  });

  it('is removed whatever time the database gives its users', async () => {
    server.sql('postgres', 'alter database people set statement_timeout = 300');
    await copyMasked({ state: state(), by: 'sql: mask.sql',
      sql: `select pg_sleep(0.5); ${text}` });
    expect(written()).toBe(0);
  });

  it('is refused where a session of the mask stays', async () => {
    await expect(copyMasked({ state: state(), by: `run: ${yaml(
      `setsid ${psql('-d {copy}')} -c "select pg_sleep(20)" </dev/null >/dev/null 2>&1 & sleep 1`,
    )}` })).rejects.toThrow(/mask of people failed, so its copy was removed: .*a session of/s);
    expect(server.databases()).not.toContain('masked_incoming');
    expect(server.databases()).not.toContain(kept);
  });

  it('is refused where a table may not be written anew', async () => {
    server.sql('postgres', 'drop database people');
    server.sql('postgres', 'create database people owner owner');
    server.sql('people', 'create table person (name text); insert into person values (\'x\')',
      'owner');
    await expect(copyMasked({ state: state('owner'), by: `run: ${yaml(`${psql('-d {copy}')} -c "
      alter database masked_incoming owner to postgres; alter table person owner to postgres;
      update person set name = 'y'"`)}` }))
      .rejects.toThrow(/mask of people failed.*does not write anew: .*person/s);
    expect(server.databases()).not.toContain(kept);
  });

  it('is refused where a stored view cannot be made again', async () => {
    server.sql('people', `create function odd() returns int language sql as 'select 1';
      create materialized view odds as select odd() / count(*) as n from place`);
    await expect(copyMasked({ state: state(), by: 'sql: mask.sql', sql: 'delete from place' }))
      .rejects.toThrow(/mask of people failed.*division by zero/s);
    expect(server.databases()).not.toContain(kept);
  });
});

describe('what masks replaced in MariaDB', () => {
  let server: MariadbServer;
  const text = 'update person set name = repeat(\'x\', length(name)); delete from gone;';
  const database = (): string =>
    server.databases().find((it) => it.startsWith('masked_seatrial_copy')) ?? '';
  const state = (): string =>
    `mysql: { database: people, defaults-file: ${server.options} }`;
  /** Pages that only the memory has are written first. */
  const written = (): number => {
    for (const it of ['person', 'gone', 'place']) {
      server.sql(database(), `flush tables ${it} for export; unlock tables;`);
    }
    return filesWith(join(server.root, 'data', database()), 'secret-');
  };

  beforeAll(async () => { server = await MariadbServer.start(); });

  beforeEach(() => {
    for (const it of server.databases().filter((name) => /^(people|masked)/.test(name))) {
      server.sql('', `drop database \`${it}\``);
    }
    server.sql('', 'create database people');
    server.sql('people', `create table person (id int primary key, name varchar(50), key (name));
      insert into person select seq, concat('secret-', seq, repeat('-', seq % 9))
        from seq_1_to_3000;
      create table gone (name text); insert into gone select concat('secret-', seq)
        from seq_1_to_3000;
      create table place (name text); insert into place values ('known')`);
  });

  afterAll(async () => { await server.stop(); });

  it('is in the files of a copy that is masked by hand', async () => {
    await copyMasked({ state: state(), by: 'run: "test -n {copy}"' });
    server.sql(database(), text);
    expect(written()).toBeGreaterThan(0);
  });

  it.each(['SQL', 'a command'])('by %s is gone from all of it', async (by) => {
    await copyMasked({ state: state(), sql: text, by: by === 'SQL' ? 'sql: mask.sql'
      : `run: ${yaml(`mariadb --defaults-file=${server.options} {copy} -e "${text}"`)}` });
    expect(server.sql(database(), 'select count(*) from person where name like \'xx%\''))
      .toBe('3000');
    expect(server.sql(database(), 'select count(*) from gone')).toBe('0');
    expect(server.sql(database(), 'select * from place')).toBe('known');
    expect(written()).toBe(0);
    expect(server.sql('people', 'select count(*) from person where name like \'secret-%\''))
      .toBe('3000');
  });

  it('is refused where the mask fails, and no copy of it is left', async () => {
    await expect(copyMasked({ state: state(), by: 'sql: mask.sql',
      sql: `${text} update nowhere set a = 1;` }))
      .rejects.toThrow(/mask of people failed, so its copy was removed: .*nowhere/s);
    expect(database()).toBe('');
  });
});
