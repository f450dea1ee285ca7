import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { FakeHost } from '../faults/host.ts';
import { makeBox, temporary, write } from '../transaction/sandbox.ts';
import type { Site } from './bench.ts';
import { postgresBench, roles } from './postgres-bench.ts';
import { PostgresServer, postgresPrograms } from './postgres-server.ts';

process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

let server: PostgresServer;
let host: FakeHost;
let site: Site;
const archives = new Map<string, string>();

/** A release whose migration is this text. */
function release(version: string, migration: string): string {
  const directory = temporary();
  write(join(directory, 'top/migrate'), `#!/bin/sh\nset -e\n${migration}\n`, 0o755);
  const archive = join(directory, 'release.tar.gz');
  const done = spawnSync('tar', ['-c', '-z', '-f', archive, '-C', directory, 'top']);
  if (done.status !== 0) throw new Error(done.stderr.toString());
  archives.set(version, archive);
  return archive;
}

beforeAll(async () => {
  server = await PostgresServer.start();
  server.sql('postgres', roles);
  const bench = postgresBench(() => server, {}, 'Guest-Book');
  site = await bench.site(makeBox(join(temporary(), 'production')), 'production');
  await site.fill();
  const database = /database=([^\t]*)/.exec(site.spec)?.[1] ?? '';
  const psql = `psql -X -q -v ON_ERROR_STOP=1 -h ${server.root} -p ${server.port} -U postgres \
-d '${database}' -A -t -c`;
  host = new FakeHost((root) => {
    const config = parseConfig(`application: fake
hosts: { production: local }
records: ${root}/records
install: { directory: ${root}/app, migrate: 'sh {release}/migrate' }
service: []
maintenance: { none: a test }
state:
  - postgres: { database: '${database}', host: ${server.root}, port: ${server.port},
      user: postgres }
checks:
  - command: test "$(${psql} "select count(*) from twice")" -ge 1
keep: { releases: 3, rescues: 2, failed: 1 }
`, 'seatrial.yml');
    return { ...config, observe: { passes: 1, everySeconds: 0, withinSeconds: 5 } };
  });
  mkdirSync(join(host.root, 'app'), { recursive: true });
  mkdirSync(join(host.root, 'records'), { recursive: true });
  release('1', ':');
  release('2', `${psql} "create table two (a int); insert into twice values (2, 'two');
alter table person drop column pay"`);
  release('3', `${psql} "drop table visit; update person set name = name || '!'"
${psql} "alter database \\"${database}\\" reset work_mem; revoke temporary on database \
\\"${database}\\" from reader"\nexit 3`);
  release('4', `${psql} "truncate twice"`);
  release('5', `${psql} "truncate person cascade"\nsleep 30`);
});
// Of its own: the server must not outlive a preparation that failed.
afterAll(() => { server.stop(); });
afterAll(() => { host.endAll(); });

let count = 0;
const newRun = (): string => {
  count += 1;
  return `202601${String(count).padStart(2, '0')}T000000Z-aaaaaa`;
};

async function deploy(version: string, again = false): Promise<Plan> {
  const archive = archives.get(version) ?? '';
  const plan = await host.plan(archive, version, newRun());
  host.lay(plan, archive);
  const running = host.run(plan);
  if (again) {
    await until(() => host.console(plan).includes('migrate'));
    await until(() => server.sql('postgres', `select count(*) from pg_database
where datname ~ 'rescue_${plan.run}'`) === '1' && host.processes().some(({ words }) =>
      words.includes('/migrate')));
    host.endAll();
    await running;
    await host.run(plan);
  } else {
    await running;
  }
  return plan;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const places = (): string[] =>
  server.databases().filter((it) => /_(rescue|failed|bring|replaced)_/.test(it))
    .map((it) => it.replace(/^.*_(?=(rescue|failed|bring|replaced)_)/, '').replace(/Z-.*/, ''));

describe('a deployment with a PostgreSQL database', () => {
  it('that ends well keeps its rescue copy, and the oldest ones go', async () => {
    expect(host.result(await deploy('1'))).toMatchObject({ end: 'done' });
    expect(places()).toEqual(['rescue_20260101T000000']);
    const before = await site.read();
    expect(host.result(await deploy('2'))).toMatchObject({ end: 'done' });
    expect(await site.read()).not.toBe(before);
    expect(places()).toEqual(['rescue_20260101T000000', 'rescue_20260102T000000']);
  });

  it('whose migration fails has data, grants and settings back; the failed is kept', async () => {
    const before = await site.read();
    const plan = await deploy('3');
    expect(host.result(plan)).toMatchObject({ end: 'restored',
      text: expect.stringContaining('the migration ended with status 3') as string });
    expect(await site.read()).toBe(before);
    expect(places()).toContain('failed_20260103T000000');
    expect(readFileSync(join(host.records, 'failed', plan.run, 'places'), 'utf8'))
      .toMatch(/^postgres\t.*_failed_20260103T000000Z-aaaaaa_state1\n$/);
  });

  it('whose checks fail goes back all the same', async () => {
    const before = await site.read();
    expect(host.result(await deploy('4'))).toMatchObject({ end: 'restored' });
    expect(await site.read()).toBe(before);
  });

  it('that is killed in its migration goes back when it is run again', async () => {
    const before = await site.read();
    const plan = await deploy('5', true);
    expect(host.result(plan)).toMatchObject({ end: 'restored' });
    expect(await site.read()).toBe(before);
  });

  it('is rolled back with its data; only what is kept is left on the server', async () => {
    const plan = await host.rollbackPlan(newRun());
    host.lay(plan, undefined);
    await host.run(plan);
    expect([host.result(plan)?.text, host.result(plan)?.end]).toEqual(['', 'done']);
    expect(server.sql(/database=([^\t]*)/.exec(site.spec)?.[1] ?? '',
      'select to_regclass(\'two\') is null, (select count(pay) from person)')).toBe('t|500');
    // Two rescue copies and one failed bundle are kept.
    expect(places().sort()).toEqual(['failed_20260105T000000', 'rescue_20260102T000000',
      'rescue_20260106T000000']);
  });
});
