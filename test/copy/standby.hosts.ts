import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyToStaging } from '../../src/copy/copy.ts';
import { MariadbServer } from '../state/mariadb-server.ts';
import { PostgresServer, postgresPrograms } from '../state/postgres-server.ts';
import { makeCode, makeHosts, type HostsOptions } from './hosts.ts';

process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

/** What was warned of while a state was copied, where `people` is called `followed` on staging. */
async function copyOf(
  state: string, instead: HostsOptions['instead'] = [],
): Promise<string[]> {
  const hosts = makeHosts({ state: [state], instead: [['people', 'followed'], ...instead] });
  makeCode(hosts);
  try {
    await copyToStaging(hosts.input());
    return hosts.events.flatMap((it) => (it.kind === 'warning' ? [it.text] : []));
  } finally {
    await hosts.close();
  }
}

describe('a copy from a standby of PostgreSQL', () => {
  const settings = ['listen_addresses=127.0.0.1'];
  let primary: PostgresServer;
  let standby: PostgresServer;
  const state = (user = 'postgres', at = standby): string =>
    `{ postgres: { database: people, host: ${primary.root}, port: ${primary.port}, ` +
    `user: ${user} }, copy-from: { standby: "127.0.0.1:${at.port}" } }`;
  const kept = (): string => primary.sql('followed_pristine', 'select count(*) from person');
  const caughtUp = async (): Promise<void> => {
    const at = primary.sql('postgres', 'select pg_current_wal_lsn()');
    for (let tries = 0; standby.sql('postgres', 'select pg_last_wal_replay_lsn() >= ' +
      `'${at}'::pg_lsn`) !== 't'; tries += 1) {
      if (tries > 100) throw new Error(standby.log());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  beforeAll(async () => {
    primary = await PostgresServer.start(settings);
    primary.sql('postgres', `create role reader login createdb; create role owner;
      grant pg_read_all_data to reader; grant owner to reader`);
    primary.sql('postgres', 'create database people owner owner');
    primary.sql('people', `create table person (name text);
      insert into person select 'x' from generate_series(1, 100);
      alter table person owner to owner`);
    standby = await primary.standby();
  });

  afterAll(() => {
    standby.stop();
    primary.stop();
  });

  it('has what the standby has, and the primary is not read', async () => {
    await caughtUp();
    const scans = (): string => {
      primary.sql('postgres', 'select pg_sleep(1)');
      return primary.sql('people', 'select seq_scan from pg_stat_user_tables');
    };
    const before = scans();
    expect(await copyOf(state())).toEqual([]);
    expect(kept()).toBe('100');
    expect(scans()).toBe(before);
    expect(standby.databases()).toEqual(primary.databases());
  });

  it('asks of the standby nothing but to be read', async () => {
    primary.sql('postgres', 'alter role reader nocreatedb');
    await caughtUp();
    const all = state('reader');
    // On staging the copy is made, by another role.
    const hosts = makeHosts({ state: [all], instead: [['people', 'followed'],
      ['reader', 'postgres']] });
    makeCode(hosts);
    await copyToStaging(hosts.input());
    expect(kept()).toBe('100');
    primary.sql('people', 'alter table person enable row level security;' +
      'alter table person owner to postgres');
    await caughtUp();
    await expect(copyToStaging(hosts.input({ fresh: true })))
      .rejects.toThrow(/row security of 1 tables of database people hides rows from role reader/);
    primary.sql('people', 'alter table person disable row level security');
    await hosts.close();
  });

  it('is refused where the standby is named as the server itself', async () => {
    await caughtUp();
    const direct = `postgres: { database: people, host: 127.0.0.1, port: ${standby.port}, ` +
      'user: postgres }';
    await expect(copyOf(direct)).rejects.toThrow(
      /database people: the server is a standby.*\n.*copy-from: \{ standby: host:port/);
  });

  it('tells that the standby does not follow any more', async () => {
    standby.sql('postgres', 'alter system set primary_conninfo = \'\'; select pg_reload_conf()');
    for (let tries = 0; standby.sql('postgres', 'select count(*) from pg_stat_wal_receiver') !== '0'
      && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await copyOf(state())).toEqual([expect.stringMatching(
      /^database people: .* is not connected to its primary server: its last change is of 20/)]);
    standby.promote();
    expect(await copyOf(state())).toEqual([
      expect.stringMatching(/follows no other server: its data may be of any day$/)]);
    expect(kept()).toBe('100');
  });
});

describe('a copy from a standby of MariaDB', () => {
  let primary: MariadbServer;
  let standby: MariadbServer;
  const state = (user = 'root'): string =>
    `{ mysql: { database: people, host: 127.0.0.1, port: ${primary.port}, user: ${user} }, ` +
    `copy-from: { standby: "127.0.0.1:${standby.port}" } }`;
  const kept = (): string => primary.sql(primary.databases().find((it) =>
    it.startsWith('followed_seatrial_copy')) ?? '', 'select count(*) from person');

  beforeAll(async () => {
    primary = await MariadbServer.start(['log-bin', 'server-id=1'], { network: true });
    standby = await MariadbServer.start(['server-id=2', 'read-only=1'], { network: true });
    primary.sql('', `create user reader@'127.0.0.1'; grant select, trigger, event, show view
      on people.* to reader@'127.0.0.1'; grant all on *.* to root@'127.0.0.1' with grant option;
      create database people; use people; create table person (name text) engine=myisam;
      insert into person select 'x' from seq_1_to_100`);
    standby.sql('', `change master to master_host='127.0.0.1', master_port=${primary.port},
      master_user='root', master_log_file='${primary.sql('', 'show binary logs').split('\t')[0]}',
      master_log_pos=4; start slave`);
    for (let tries = 0; !standby.databases().includes('people') || standby.sql('people',
      'show tables') === '' || standby.sql('people', 'select count(*) from person') !== '100';
      tries += 1) {
      if (tries > 100) throw new Error(standby.sql('', 'show slave status'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  afterAll(async () => {
    await standby.stop();
    await primary.stop();
  });

  it('has what the standby has, also of tables that no transaction covers', async () => {
    expect(await copyOf(state())).toEqual([]);
    expect(kept()).toBe('100');
  });

  it('asks of the standby nothing but to be read', async () => {
    expect(await copyOf(state('reader'), [['reader', 'root']])).toEqual([]);
    primary.sql('', 'revoke trigger on people.* from reader@\'127.0.0.1\'');
    await expect(copyOf(state('reader'), [['reader', 'root']]))
      .rejects.toThrow(/account lacks rights on people: TRIGGER\n.*: GRANT SELECT, TRIGGER, /);
  });

  it('tells that the standby does not follow any more', async () => {
    standby.sql('', 'stop slave');
    primary.sql('people', 'insert into person values (\'later\')');
    expect(await copyOf(state())).toEqual([
      'database people: 127.0.0.1/people no longer follows its primary server']);
    expect(kept()).toBe('100');
    standby.sql('', 'reset slave all');
    expect(await copyOf(state())).toEqual([
      'database people: 127.0.0.1/people follows no other server: its data may be of any day']);
  });
});
