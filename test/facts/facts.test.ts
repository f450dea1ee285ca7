import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { SeatrialError } from '../../src/errors.ts';
import { factsCommand, gatherFacts } from '../../src/facts/gather.ts';
import { parseFacts } from '../../src/facts/parse-facts.ts';
import { openLocal } from '../../src/host/local.ts';

let root = '';
beforeAll(() => { root = mkdtempSync(join(tmpdir(), 'seatrial facts ')); });
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

const config = () => parseConfig(`application: fake
hosts: { production: local }
records: '${root}/records'
install: { directory: '${root}/app', shared: [uploads] }
service: { pidfile: '${root}/pid', start: 'true', entry: '${root}/app/current' }
maintenance: { none: a test }
state: [{ directory: '${root}/state' }, { sqlite: '${root}/none.db' }]
checks: [{ log: '${root}/log' }]
`, 'seatrial.yml');

async function gather() {
  const transport = openLocal();
  try {
    return await gatherFacts(transport, config());
  } finally {
    await transport.close();
  }
}

describe('facts of this machine', () => {
  it('are what stands here, and asking writes nothing', async () => {
    for (const name of ['app/releases/1', 'app/shared/uploads', 'state/sub']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    symlinkSync('releases/1', join(root, 'app/current'));
    writeFileSync(join(root, 'state/sub/file'), 'x'.repeat(10_000));
    writeFileSync(join(root, 'log'), '');
    writeFileSync(join(root, 'pid'), String(process.pid));
    const before = readdirSync(root, { recursive: true });
    const facts = await gather();
    expect(readdirSync(root, { recursive: true })).toEqual(before);
    expect(facts).toMatchObject({ user: userInfo().username, isRoot: process.getuid?.() === 0,
      records: 'creatable', lock: 'free', unfinished: undefined, installed: undefined,
      installedSha256: 'none', gate: 'missing', history: [], failed: [] });
    expect(facts.paths.get(`${root}/app/current`)).toMatchObject({ type: 'link',
      target: 'releases/1', real: `${root}/app/releases/1`, hidden: false, isMountPoint: false });
    expect(facts.paths.get(`${root}/state`)).toMatchObject({ type: 'directory', files: 3,
      readable: true, parentWritable: true });
    expect(facts.paths.get(`${root}/state`)?.bytes).toBeGreaterThan(10_000);
    expect(facts.paths.get(`${root}/none.db`)?.type).toBe('missing');
    expect(facts.pidfiles).toEqual(new Map([[`${root}/pid`, String(process.pid)]]));
    expect(facts.tools.has('flock')).toBe(true);
    expect(facts.tools.has('gnu-cp')).toBe(true);
  });
});

describe('facts of transactions', () => {
  it('tell of a transaction that runs, that is unfinished, and of what is kept', async () => {
    const records = join(root, 'records');
    mkdirSync(join(records, 'runs/r1'), { recursive: true });
    mkdirSync(join(records, 'failed/r0'), { recursive: true });
    mkdirSync(join(records, 'rescues'));
    mkdirSync(join(records, 'history'));
    const installed = JSON.stringify({ application: 'fake', version: '1', run: 'r0', digest: 'd' });
    for (const [name, text] of Object.entries({
      unfinished: 'r1\n', 'runs/r1/journal': '1.5\tstart\t\t2\n', 'installed.json': installed,
      'history/r0.json': installed, 'failed/r0/reason': '2: restored: it\tfell\n',
      'rescues/r0': `directory\t${root}/state\t${root}/.seatrial-fake/x\t3\t10\n`,
      'lock.owner': 'run\tr1\nby\tsomebody\n' })) writeFileSync(join(records, name), text);
    symlinkSync('/nonexistent/open', join(records, 'gate'));
    const holder = spawnSync('sh', ['-c', `exec 9>>'${records}/lock'; flock 9
setsid sleep 20 >/dev/null 2>&1 & echo $!`], { encoding: 'utf8' });
    try {
      expect(await gather()).toMatchObject({ records: 'writable', lock: 'held', unfinished: 'r1',
        lockOwner: { run: 'r1', by: 'somebody' }, unfinishedJournal: '1.5\tstart\t\t2\n',
        installed: { version: '1', run: 'r0' }, gate: 'closed', failed: ['r0'],
        failedText: '2: restored: it fell',
        rescues: new Map([['r0', [{ kind: 'directory', path: `${root}/state`, files: 3,
          place: `${root}/.seatrial-fake/x`, bytes: 10_240 }]]]) });
    } finally {
      process.kill(Number(holder.stdout), 'SIGKILL');
    }
  });

  it('come in one round trip, by standard input: any login shell will do', () => {
    expect(factsCommand(config()).argv).toEqual(['/bin/sh', '-s']);
    for (const shell of ['dash', 'bash']) {
      const ran = spawnSync(shell, ['-s'], { input: String(factsCommand(config()).stdin),
        encoding: 'utf8' });
      expect(parseFacts(ran.stdout).user).toBe(userInfo().username);
    }
  });
});

describe('output that is no whole answer', () => {
  it.each([
    ['', 'its last words: '],
    ['This account is currently not available.\n', 'This account is currently not available.'],
    ['user\tdeploy\nuid\t1000\n', 'its last words: uid'],
    ['complete\tno\n', 'its last words: complete'],
    ['x'.repeat(5000), 'x'.repeat(200)],
  ])('%j is refused', (output, words) => {
    let thrown: unknown;
    try {
      parseFacts(output);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SeatrialError);
    expect(thrown).toMatchObject({ kind: 'refused' });
    expect((thrown as SeatrialError).problems[0]?.message).toContain(words);
    expect((thrown as SeatrialError).problems[0]?.message.length).toBeLessThan(400);
  });

  it('guesses nothing: what is not told is absent, and a banner is no fact', () => {
    const facts = parseFacts('Welcome\tto www\n*** mail ***\ncomplete\tyes\n');
    expect(facts).toMatchObject({ user: '', isRoot: false, records: 'missing', lock: 'free',
      installed: undefined, hasBootUnit: false, gate: 'missing' });
    expect([facts.tools.size, facts.paths.size, facts.units.size]).toEqual([0, 0, 0]);
  });
});
