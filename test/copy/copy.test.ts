import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyToStaging, expireCopies } from '../../src/copy/copy.ts';
import { corrupt, makeDatabase } from '../transaction/databases.ts';
import { sqlite } from './databases.ts';
import { lacks } from '../transaction/sandbox.ts';
import { makeHosts, scratches, treeOf, type Hosts } from './hosts.ts';

function fill(hosts: Hosts): void {
  mkdirSync(join(hosts.production, 'up/sub'), { recursive: true });
  mkdirSync(join(hosts.production, 'code'), { recursive: true });
  writeFileSync(join(hosts.production, 'code/main'), 'version 1');
  writeFileSync(join(hosts.production, 'up/sub/file'), 'precious');
  writeFileSync(join(hosts.production, 'up/secret'), 'alice@example.org');
}

const withPython = it.skipIf(lacks('python3'));
/** In the program that removes copies. */
const times = /(expire_at|all_at|ended_at|when_due) [0-9]+/g;
const directory = ['directory: "{root}/up"'];
const side = (hosts: Hosts): string => join(hosts.staging, `.seatrial-${hosts.application}`);
const left = (hosts: Hosts): string[] => (existsSync(side(hosts)) ? readdirSync(side(hosts)) : [])
  .filter((it) => !it.endsWith('-code'));
const listed = (hosts: Hosts): string =>
  readFileSync(join(hosts.staging, 'records/copy/copies.json'), 'utf8');

describe('a copy', () => {
  it('brings state and code, leaves production as it was, and is used again', async () => {
    const hosts = makeHosts({ state: directory, more: ['copy: { fresh-for: 1h }'] });
    fill(hosts);
    const before = treeOf(hosts.production);
    const records = await copyToStaging(hosts.input());
    expect(records.map((it) => [it.label, it.name, it.way, it.reused])).toEqual([
      ['state1', 'up', 'files', undefined],
      ['code1', `${hosts.production}/code`, 'files', undefined]]);
    expect(records[0]?.bytes).toBeGreaterThan(0);
    expect(readFileSync(join(side(hosts), 'pristine-up/sub/file'), 'utf8')).toBe('precious');
    expect(readFileSync(join(side(hosts), 'pristine-code/main'), 'utf8')).toBe('version 1');
    expect(existsSync(join(hosts.staging, 'up'))).toBe(false);
    expect(treeOf(hosts.production)).toBe(before);
    expect(scratches(hosts)).toEqual([]);
    const again = await copyToStaging(hosts.input());
    expect(again.map((it) => it.reused)).toEqual([true, true]);
    const { production } = hosts.input();
    const deployed = await copyToStaging(hosts.input({
      production: { ...production, installed: 'b'.repeat(64) } }));
    expect(deployed.map((it) => it.reused)).toEqual([undefined, undefined]);
    await hosts.close();
  });

  it('is removed when its time is over, and all of it when that is asked', async () => {
    const hosts = makeHosts({ state: directory, more: ['copy: { fresh-for: 0, expires: 2h }'] });
    fill(hosts);
    await copyToStaging(hosts.input());
    const { config, transport } = hosts.input().staging;
    const expire = async (now: number, all = false): Promise<string[]> =>
      await expireCopies({ transport, config, run: 'run', now, all });
    expect(await expire(Date.now() + 3_600_000)).toEqual([]);
    expect(left(hosts)).toEqual(['pristine-up']);
    expect(await expire(Date.now() + 7_201_000)).toEqual(['up', `${hosts.production}/code`]);
    expect(left(hosts)).toEqual([]);
    expect(JSON.parse(listed(hosts))).toEqual({ schema: 1, copies: [] });
    await copyToStaging(hosts.input());
    // By itself, as a timer of the host would have it: not before its time.
    const program = join(hosts.staging, 'records/copy/expire.sh');
    expect(await status('sh', program)).toBe(0);
    expect(left(hosts)).toEqual(['pristine-up']);
    const over = readFileSync(program, 'utf8').replace(times, '$1 1');
    writeFileSync(program, over);
    expect(await status('sh', program)).toBe(0);
    expect(left(hosts)).toEqual([]);
    expect(existsSync(program)).toBe(false);
    await hosts.close();
  });

  it('is not even locked by its timer before its time', async () => {
    const hosts = makeHosts({ state: directory, more: ['copy: { expires: 2h, fresh-for: 0 }'] });
    fill(hosts);
    await copyToStaging(hosts.input());
    const records = join(hosts.staging, 'records/copy');
    // A lay of the same run is at work for long.
    const holder = spawn('sh', ['-c', 'exec 7>>"$0/lock"; flock 7; echo; exec sleep 60', records]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    try {
      const began = performance.now();
      expect(await status('sh', join(records, 'expire.sh'))).toBe(0);
      expect(performance.now() - began).toBeLessThan(2_000);
      const program = readFileSync(join(records, 'expire.sh'), 'utf8');
      writeFileSync(join(records, 'expire.sh'), program.replace(/when_due [0-9]+/, 'when_due 1'));
      expect(await status('sh', join(records, 'expire.sh'))).toBe(1);
      expect(holder.exitCode).toBe(null);
      expect(holder.signalCode).toBe(null);
    } finally {
      holder.kill('SIGKILL');
    }
    await hosts.close();
  });

  it('takes with it what was laid, and what rehearsals have kept', async () => {
    const hosts = makeHosts({ state: directory, more: ['copy: { fresh-for: 1h, expires: 2h }'] });
    fill(hosts);
    mkdirSync(join(hosts.staging, 'up'));
    writeFileSync(join(hosts.staging, 'up/own'), 'of staging');
    await copyToStaging(hosts.input());
    const records = join(hosts.staging, 'records');
    const program = join(records, 'copy/expire.sh');
    const text = readFileSync(program, 'utf8');
    const lay = text.replace(/when_due [0-9]+ write_to expire_all\n$/, '');
    for (const path of ['up', 'code']) {
      writeFileSync(program, `${lay}RUN_DIR=/tmp; lay_directory ${join(hosts.staging, path)} x\n`);
      expect(await status('sh', program)).toBe(0);
    }
    expect(readFileSync(join(hosts.staging, 'up/secret'), 'utf8')).toBe('alice@example.org');
    for (const path of ['runs/one', 'failed/one', 'overlay']) {
      mkdirSync(join(records, path), { recursive: true });
      writeFileSync(join(records, path, 'file'), 'alice@example.org');
    }
    writeFileSync(join(records, 'installed.json'), '{}');
    const over = text.replace(times, '$1 1');
    writeFileSync(join(records, 'unfinished'), 'one');
    writeFileSync(program, over);
    expect(await status('sh', program)).toBe(1);
    expect(existsSync(join(hosts.staging, 'up/secret'))).toBe(true);
    writeFileSync(join(records, 'unfinished'), '');
    expect(await status('sh', program)).toBe(0);
    // What staging had before is back; of production nothing is left, where anybody may look.
    expect(readFileSync(join(hosts.staging, 'up/own'), 'utf8')).toBe('of staging');
    expect(existsSync(join(hosts.staging, 'code'))).toBe(false);
    expect(readdirSync(records).sort()).toEqual(['copy', 'failed', 'lock', 'runs', 'unfinished']);
    expect(readdirSync(join(records, 'copy')).sort()).toEqual(['copies.json', 'lock', 'lock.run']);
    expect(await status('sh', '-c', `! grep -r -q alice ${hosts.staging}`)).toBe(0);
    await hosts.close();
  });

  it('from a backup is taken only if its command ended well', async () => {
    const backup = (run: string): Hosts => makeHosts({ state: [
      `{ directory: "{root}/up", copy-from: { backup: '${run}' } }`] });
    const run = 'cd /; mkdir -p "$D" && echo saved >"$D/x" && tar -c -C "$D" .';
    for (const [end, ends] of [['true', true], ['exit 3', false]] as const) {
      const hosts = backup(`D=$(mktemp -d); ${run}; rm -rf "$D"; ${end}`);
      fill(hosts);
      const copied = copyToStaging(hosts.input());
      if (ends) {
        expect((await copied)[0]?.way).toBe('backup');
        expect(readFileSync(join(side(hosts), 'pristine-up/x'), 'utf8')).toBe('saved\n');
      } else {
        await expect(copied).rejects.toThrow(/the backup command ended with status 3/);
        expect(left(hosts)).toEqual([]);
      }
      await hosts.close();
    }
  });

  withPython('that production refuses says why, all at once, and leaves nothing', async () => {
    const hosts = makeHosts({ state: [...directory, 'sqlite: "{root}/data.db"'] });
    fill(hosts);
    writeFileSync(join(hosts.production, 'data.db'), 'no database');
    const holder = spawn('sh', ['-c', `exec 7>"$1/up/gone"; rm "$1/up/gone"; echo; exec sleep 60`,
      'sh', hosts.production]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    try {
      await expect(copyToStaging(hosts.input())).rejects.toThrow(
        new RegExp(`process ${holder.pid} writes to .*up/gone, which was deleted`));
    } finally {
      holder.kill('SIGKILL');
    }
    await expect(copyToStaging(hosts.input())).rejects.toThrow(
      /the schema of .*data\.db could not be read: .*not a database/);
    expect(left(hosts)).toEqual([]);
    rmSync(join(hosts.production, 'data.db'));
    makeDatabase(join(hosts.production, 'data.db'), 'delete');
    corrupt(join(hosts.production, 'data.db'));
    await expect(copyToStaging(hosts.input())).rejects.toThrow(
      /data\.db could not be copied: .*data\.db is damaged/);
    expect(left(hosts)).toEqual(['pristine-up']);
    expect(scratches(hosts)).toEqual([]);
    await hosts.close();
  });
});

describe('a mask', () => {
  const run = (text: string): string => `mask: [{ state: up, run: '${text}' }]`;

  it('is applied before the copy is kept, and its change makes a new copy', async () => {
    const hosts = makeHosts({ state: directory,
      more: [run('printf hidden >{copy}/secret; test -d "$SEATRIAL_PLACE"')] });
    fill(hosts);
    const [record] = await copyToStaging(hosts.input());
    expect(record?.mask).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(side(hosts), 'pristine-up/secret'), 'utf8')).toBe('hidden');
    expect(readFileSync(join(hosts.production, 'up/secret'), 'utf8')).toBe('alice@example.org');
    await hosts.close();
  });

  it('that fails leaves no copy, not even the one that was there', async () => {
    const hosts = makeHosts({ state: directory });
    fill(hosts);
    await copyToStaging(hosts.input());
    expect(left(hosts)).toEqual(['pristine-up']);
    const bad = hosts.input();
    const masks = [{ state: 'up', with: { kind: 'command' as const,
      run: { run: 'echo half; exit 4', user: undefined, timeoutSeconds: 9 } } }];
    await expect(copyToStaging({ ...bad, production: { ...bad.production,
      config: { ...bad.production.config, mask: masks } } }))
      .rejects.toThrow(
        /mask of up failed, so its copy was removed: the mask ended with status 4/);
    expect(left(hosts)).toEqual([]);
    expect(listed(hosts)).not.toContain('"up"');
    await hosts.close();
  });

  withPython('in SQL is one transaction: what fails later leaves nothing', async () => {
    const state = ['sqlite: "{root}/data.db"'];
    const more = ['mask: [{ state: data.db, sql: mask.sql }]'];
    for (const [text, good] of [['update t set a = 7;', true],
      ['update t set a = 7; update nothing set a = 1;', false]] as const) {
      const hosts = makeHosts({ state, more });
      fill(hosts);
      sqlite(join(hosts.production, 'data.db'), 'create table t (a); insert into t values (1);');
      const copied = copyToStaging(hosts.input({
        readFile: async () => await Promise.resolve(text) }));
      if (good) {
        await copied;
        expect(sqlite(join(side(hosts), 'pristine-data.db/database'), 'select a from t;'))
          .toBe('7\n');
      } else {
        await expect(copied).rejects.toThrow(/the mask of data.db failed.*nothing/s);
        expect(left(hosts)).toEqual([]);
      }
      expect(sqlite(join(hosts.production, 'data.db'), 'select a from t;')).toBe('1\n');
      await hosts.close();
    }
  });

  // Debian's SQLite overwrites what it deletes; others do not.
  const text = 'pragma secure_delete = off; delete from t where a glob \'*7\'; update t set a = 0;';
  const python = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])';
  withPython.each([['SQL', 'sql: mask.sql'],
    ['a command', `run: ${JSON.stringify(`python3 -c "${python}" {copy} "${text}"`)}`],
  ])('by %s leaves nothing of what it masked in an SQLite file', async (_, by) => {
    const hosts = makeHosts({ state: ['sqlite: "{root}/data.db"'],
      more: [`mask: [{ state: data.db, ${by} }]`] });
    fill(hosts);
    sqlite(join(hosts.production, 'data.db'), `create table t (a); create index i on t (a);
      with recursive n (i) as (values (1) union all select i + 1 from n where i < 3000)
      insert into t select 'secret-' || i from n; analyze`);
    await copyToStaging(hosts.input({ readFile: async () => await Promise.resolve(text) }));
    const kept = join(side(hosts), 'pristine-data.db/database');
    expect(sqlite(kept, 'select count(*), sum(a) from t;')).toBe('2700|0\n');
    expect(sqlite(kept, 'select stat from sqlite_stat1;')).toBe('2700 2700\n');
    expect(readFileSync(kept).includes('secret-')).toBe(false);
    await hosts.close();
  });
});

async function status(...words: readonly string[]): Promise<number | null> {
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { stdio: 'inherit' });
  return await new Promise((resolve) => child.on('close', resolve));
}
