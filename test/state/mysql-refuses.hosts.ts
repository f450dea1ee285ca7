import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { crashShims, makeBox, run, temporary } from '../transaction/sandbox.ts';
import { shimsFor, Verbs } from './bench.ts';
import { MariadbServer } from './mariadb-server.ts';
import { mysqlBench, type MysqlSite } from './mysql-bench.ts';

let server: MariadbServer | undefined;
const ends: (() => void)[] = [];
beforeAll(async () => { server = await MariadbServer.start(['event-scheduler=ON']); });
afterEach(() => { for (const end of ends.splice(0)) end(); });
afterAll(async () => { await server?.stop(); });

const running = (): MariadbServer => {
  if (server === undefined) throw new Error('the server was not started');
  return server;
};

interface Host {
  readonly verbs: Verbs;
  readonly site: MysqlSite;
  readonly sql: (text: string) => string;
}

async function host(): Promise<Host> {
  const bench = mysqlBench(running);
  const box = makeBox(temporary());
  const site = await bench.site(box, 'production') as MysqlSite;
  ends.push(() => { site.close(); });
  site.fill();
  return { site, verbs: new Verbs(bench, { box, site, shell: 'dash' }),
    sql: (text) => running().sql(site.name, text) };
}

async function probed(verbs: Verbs): Promise<Map<string, string[]>> {
  const file = join(verbs.box.root, 'probe');
  expect(await verbs.bare('probe', file, 'state1')).toMatchObject({ status: 0 });
  const found = new Map<string, string[]>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const [, , key = '', ...value] = line.split('\t');
    found.set(key, [...(found.get(key) ?? []), value.join(' | ')]);
  }
  return found;
}

describe('what a copy cannot hold is refused', () => {
  it('a table that no transaction covers, by name; and what may then be copied', async () => {
    const { verbs, sql } = await host();
    sql(`create table old_one (a int) engine = MyISAM;
create table crash_safe (a int) engine = Aria`);
    const file = join(verbs.box.root, 'stream');
    const done = await verbs.bare('copy', file);
    expect(done.status).toBe(1);
    expect(done.errors).toMatch(/at one instant.* `crash_safe` \(Aria\), `old_one`/);
    expect((await probed(verbs)).get('problem')?.join()).toMatch(/ENGINE=InnoDB/);
    sql('alter table old_one engine = InnoDB; alter table crash_safe engine = InnoDB');
    expect(await verbs.bare('copy', file)).toMatchObject({ status: 0 });
  });

  it('a table that is altered meanwhile: nothing counts', async () => {
    const { verbs, sql } = await host();
    sql(`insert into movement (account_id, story) select 1 + seq % 100, repeat('long ', 2000)
from seq_1_to_3000`);
    const file = join(verbs.box.root, 'stream');
    const copying = verbs.bare('copy', file);
    for (let tries = 0; !existsSync(file) || readFileSync(file).length < 20000; tries += 1) {
      if (tries > 200) throw new Error('the copy does not begin');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    sql('alter table unit_b add column more int; insert into unit_b values (1, 1)');
    const done = await copying;
    expect(done.status).toBe(1);
    expect(done.errors).toMatch(/was (altered|changed) while it was copied; run it again/);
    expect(readFileSync(file, 'utf8')).not.toContain('-- Dump completed');
  });

  it('a dump that would be loaded over another database', async () => {
    const { verbs, site } = await host();
    const before = site.read();
    const dump = join(verbs.box.root, 'dump.sql');
    writeFileSync(dump, `USE \`${site.name}\`;\nDROP TABLE account;\n-- Dump completed\n`);
    expect(await verbs.shellText(`${verbs.text('receive', 'state1')} <'${dump}'`))
      .toMatchObject({ status: 1,
        output: expect.stringContaining('names a database itself') as string });
    expect(site.read()).toBe(before);
  });
});

describe('the window', () => {
  it('whoever still works in the database is named', async () => {
    const { verbs, site, sql } = await host();
    const session = running().session(site.name, 'begin; insert into twice values (9, \'x\');');
    ends.unshift(() => { session.kill(); });
    await expect.poll(() => sql('select count(*) from information_schema.innodb_trx')).toBe('1');
    expect(await verbs.refused('rescue', 'state1', 'there'))
      .toMatch(/something still works in .*: sessions \d+ \(root@localhost\)/);
    expect(verbs.rescues()).toEqual([]);
  });

  it('nobody writes while the rescue copy is made', async () => {
    const { verbs, site } = await host();
    const session = running().session(site.name, 'set lock_wait_timeout = 60; select 1;');
    ends.unshift(() => { session.kill(); });
    const shim = temporary();
    writeFileSync(join(shim, 'mariadb-dump'), `#!/bin/sh
[ -e '${shim}/once' ] || { : >'${shim}/once'; sleep 1; }
exec /usr/bin/mariadb-dump "$@"\n`);
    chmodSync(join(shim, 'mariadb-dump'), 0o755);
    const rescuing = verbs.shellText(verbs.text('rescue', 'state1', 'there'),
      { path: [shim, crashShims, process.env.PATH].join(delimiter) });
    await expect.poll(() => existsSync(join(shim, 'once')), { timeout: 20_000 }).toBe(true);
    session.stdin?.write('insert into twice values (7, \'late\'); select 2;\n');
    expect(await rescuing).toMatchObject({ status: 0 });
    const place = await verbs.place('rescue');
    expect(readFileSync(join(place, 'counts'), 'utf8')).toContain('twice\t4\n');
    expect(readFileSync(join(place, 'tables.sql'), 'utf8')).not.toContain('late');
  });

  it('a rescue copy that is not what was counted is not swapped in', async () => {
    const { verbs, site } = await host();
    await verbs.must('rescue', 'state1', 'there');
    const place = await verbs.place('rescue');
    const tables = readFileSync(join(place, 'tables.sql'), 'utf8');
    writeFileSync(join(place, 'tables.sql'), tables.replace('(150,', '(1,'));
    site.spoil();
    const spoilt = site.read();
    expect(await verbs.refused('restore', 'state1')).not.toBe('');
    writeFileSync(join(place, 'tables.sql'), tables.replace(/^INSERT INTO `audit`[^;]*;/m, ''));
    expect(await verbs.refused('restore', 'state1'))
      .toMatch(/does not have the tables and rows of the rescue copy/);
    expect(site.read()).toBe(spoilt);
  });
});

describe('going back', () => {
  it('is finished by the next one wherever it was killed between two acts', async () => {
    const { verbs, site } = await host();
    const before = site.read();
    const path = [shimsFor(['mariadb']), process.env.PATH].join(delimiter);
    let killed = true;
    // Each fifth statement, beginning with another one each time that the tests run.
    for (let at = 1 + Date.now() % 5; killed; at += 5) {
      await verbs.must('rescue', 'state1', 'there');
      site.spoil();
      const ran = await verbs.shellText(verbs.text('restore', 'state1'),
        { crash: { at, how: 'after' }, path });
      killed = ran.status === undefined;
      await verbs.must('restore', 'state1');
      expect(site.read(), `killed after statement ${at}`).toBe(before);
      expect(verbs.rescues()).toEqual([]);
      rmSync(join(verbs.box.runDirectory, 'swapping-state1'), { force: true });
    }
  }, 170_000);

  it('keeps what failed, whole, and foreign keys and triggers work again', async () => {
    const { verbs, site, sql } = await host();
    await verbs.must('rescue', 'state1', 'there');
    site.spoil();
    const spoilt = running().dump(site.name);
    await verbs.must('restore', 'state1');
    const places = readFileSync(join(verbs.box.base, 'failed', run, 'places'), 'utf8');
    const [, , failed = ''] = places.trimEnd().split('\t');
    expect(running().dump(failed)).toBe(spoilt);
    expect(() => sql('insert into movement (account_id) values (999999)'))
      .toThrow(/foreign key constraint fails/);
    const audited = Number(sql('select count(*) from audit'));
    sql('insert into movement (account_id) values (1)');
    expect(sql('select count(*) from audit')).toBe(String(audited + 1));
    await verbs.must('drop', failed);
    expect(running().databases()).not.toContain(failed);
  });

  it('rights stand as they stood: of the database, of a table, of a routine', async () => {
    const { verbs, site, sql } = await host();
    sql(`create user if not exists app@localhost;
grant select on \`${site.name}\`.* to app@localhost;
grant update (name) on account to app@localhost;
grant execute on procedure total to app@localhost`);
    const rights = (): string => sql('show grants for app@localhost');
    const before = rights();
    expect(before).toContain('EXECUTE ON PROCEDURE');
    await verbs.must('rescue', 'state1', 'there');
    site.spoil();
    sql('drop procedure total');
    expect(rights()).not.toBe(before);
    await verbs.must('restore', 'state1');
    expect(rights()).toBe(before);
    sql('drop user app@localhost');
  });
});

describe('a copy on staging', () => {
  it('fires no event of production', async () => {
    const { verbs, sql } = await host();
    sql('create event each_second on schedule every 1 second do insert into audit values (-7)');
    const fired = (database: string): string =>
      running().sql(database, 'select count(*) from audit where n = -7');
    await expect.poll(() => Number(fired(verbs.site.spec.split('\t')[0]?.slice(9) ?? '')),
      { timeout: 10_000 }).toBeGreaterThan(0);
    const file = join(verbs.box.root, 'stream');
    expect(await verbs.bare('copy', file)).toMatchObject({ status: 0 });
    const staging = await host();
    await staging.verbs.shellText(`${staging.verbs.text('receive', 'state1')} <'${file}'`);
    await staging.verbs.must('keep', 'state1');
    await staging.verbs.must('lay', 'state1');
    expect(staging.sql('select event_name, status from information_schema.events where ' +
      'event_schema = database() order by 1')).toBe('each_second\tDISABLED\ntick\tDISABLED');
    const count = fired(staging.site.name);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(fired(staging.site.name)).toBe(count);
  });
});

describe('a probe', () => {
  it('tells what the server is like, and the same schema for the same schema', async () => {
    const { verbs, sql } = await host();
    const first = await probed(verbs);
    expect(first.get('parity:server')?.[0]).toMatch(/^MariaDB 1[01]\./);
    expect(first.get('parity:lower_case_table_names')).toEqual(['0']);
    expect(first.get('schema')?.[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(first.get('problem')).toBeUndefined();
    sql('insert into twice values (3, \'new\')');
    expect((await probed(verbs)).get('schema')).toEqual(first.get('schema'));
    sql('alter table twice add column c int');
    expect((await probed(verbs)).get('schema')).not.toEqual(first.get('schema'));
  });

  it('names each right that is missing, on the database and on those of Seatrial', async () => {
    const { verbs, site, sql } = await host();
    sql(`create user reader@localhost;
grant select, show view on \`${site.name}\`.* to reader@localhost`);
    const options = join(verbs.box.root, 'reader.cnf');
    writeFileSync(options, readFileSync(running().options, 'utf8').replace('root', 'reader'));
    chmodSync(options, 0o600);
    Object.assign(site, { spec: running().spec(site.name, { defaults: options }) });
    const problems = (await probed(verbs)).get('problem')?.join('\n') ?? '';
    expect(problems).toMatch(/on production-\d+x: INSERT, CREATE, DROP, .*LOCK TABLES/);
    expect(problems).not.toMatch(/lacks rights on production-\d+x: .*SHOW VIEW/);
    expect(problems).toMatch(/lacks rights on production-\d+x_seatrial_copy_a: SELECT, INSERT/);
    sql('drop user reader@localhost');
  });

  it('refuses an option file that others can read, before it is used', async () => {
    const { verbs, site } = await host();
    const options = join(verbs.box.root, 'open.cnf');
    writeFileSync(options, readFileSync(running().options, 'utf8'));
    chmodSync(options, 0o644);
    Object.assign(site, { spec: running().spec(site.name, { defaults: options }) });
    const facts = await probed(verbs);
    expect([...facts.keys()]).toEqual(['problem']);
    expect(facts.get('problem')?.[0]).toContain('can be read by others (mode 644)');
  });

  it('sees that another database refers to this one', async () => {
    const { verbs, site, sql } = await host();
    sql(`create database \`${site.name}-other\`; create table \`${site.name}-other\`.child
(id int, foreign key (id) references \`${site.name}\`.account (id))`);
    ends.unshift(() => { sql(`drop database \`${site.name}-other\``); });
    const problem = (await probed(verbs)).get('problem')?.join() ?? '';
    expect(problem).toContain(`refer to ${site.name}: ${site.name}-other`);
    expect(await verbs.refused('rescue', 'state1', 'there')).toContain('refer to');
  });
});
