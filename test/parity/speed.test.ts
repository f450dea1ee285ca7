import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { gatherSpeeds, parseSpeeds, speedCommand, speedNames } from '../../src/facts/speed.ts';
import { openLocal } from '../../src/host/local.ts';
import { shells, toolbox, write } from '../transaction/sandbox.ts';

// Not in a temporary directory that may be memory: that is no disk, and is not measured.
let root = '';
beforeAll(() => { root = mkdtempSync('/var/tmp/seatrial speed '); });
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

const config = (records = join(root, 'records')): Config => {
  mkdirSync(records, { recursive: true });
  return parseConfig(`application: fake
hosts: { production: local }
records: '${records}'
install: { directory: '${root}/app' }
service: { pidfile: '${root}/pid', start: 'true', entry: '${root}/app/current' }
maintenance: { none: a test }
state: [{ directory: '${root}/state/live' }]
checks: [{ log: '${root}/log' }]
`, 'seatrial.yml');
};

function measure(shell: string, path?: string, role: 'production' | 'staging' = 'staging') {
  const { stdin } = speedCommand(config(), role);
  const { stdout, stderr, status } = spawnSync(shell, ['-s'],
    { input: String(stdin), encoding: 'utf8', env: { PATH: path ?? process.env.PATH } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const speeds = parseSpeeds(stdout);
  if (speeds === undefined) throw new Error(`not complete: ${stdout}`);
  return speeds;
}

/** df that says how many kilobytes are free everywhere. */
function withFree(kilobytes: number): string {
  const box = mkdtempSync(join(root, 'df-'));
  write(join(box, 'df'), `#!/bin/sh\nprintf 'head\\nx 1 1 ${kilobytes} 1 /\\n'\n`, 0o755);
  return `${box}:${process.env.PATH ?? ''}`;
}

describe('the probe of speed', () => {
  it.each(shells)('measures this machine in %s, and leaves nothing', (shell) => {
    const speeds = measure(shell);
    expect(speeds.place).toBe(join(root, 'records'));
    for (const name of speedNames) {
      // A file system of memory has no reading past the cache: then that is said.
      const told = speeds.measured[name] ?? speeds.skipped.find((it) => it.name === name);
      expect(told, name).toBeDefined();
    }
    expect(speeds.measured.write).toBeGreaterThan(0);
    expect(readdirSync(join(root, 'records'))).toEqual([]);
  });

  it('is asked over a transport, and gives way on production', async () => {
    expect(speedCommand(config(), 'production').argv.slice(0, 3)).toEqual(['nice', '-n', '10']);
    const host = openLocal();
    try {
      expect((await gatherSpeeds(host, config(), 'production')).measured.sha256).toBeGreaterThan(1);
    } finally {
      await host.close();
    }
  });

  it('writes nothing where production has less than a gigabyte, and says so', () => {
    const path = withFree(1_000_000);
    const speeds = measure('dash', path, 'production');
    expect(Object.keys(speeds.measured).sort()).toEqual(['gzip', 'sha256']);
    expect(speeds.skipped.map((it) => it.name)).toEqual(['write', 'read', 'fsync']);
    expect(speeds.skipped[0]?.why).toMatch(/^less than 1024 MB are free in /);
    expect(measure('dash', path, 'staging').measured.write).toBeGreaterThan(0);
  });

  it('says what a host without tools could not measure', () => {
    const speeds = measure('dash', toolbox(['sh', 'dash', 'awk', 'date', 'dd', 'cat', 'df', 'stat',
      'sha256sum', 'mkdir', 'rm', 'find', 'id']));
    expect(speeds.skipped).toContainEqual({ name: 'gzip', why: 'it is not there' });
    expect(speeds.measured.sha256).toBeGreaterThan(1);
  });

  it('has a clock where date has no nanoseconds', () => {
    const box = mkdtempSync(join(root, 'date-'));
    write(join(box, 'date'), '#!/bin/sh\necho 1700000000N\n', 0o755);
    const { measured } = measure('dash', `${box}:${process.env.PATH ?? ''}`);
    expect(measured.sha256).toBeGreaterThan(1);
    expect(measured.sha256).toBeLessThan(100_000);
  });

  it('that is ended in the middle leaves nothing; what was killed is tidied later', async () => {
    const records = join(root, 'ended');
    const { stdin } = speedCommand(config(records), 'staging');
    const box = mkdtempSync(join(root, 'dd-'));
    write(join(box, 'dd'), `#!/bin/sh\ncase "$*" in *conv=fsync*) sleep 1 ;; esac
exec /usr/bin/env -i PATH=/usr/bin:/bin dd "$@"\n`, 0o755);
    const child = spawn('dash', ['-s'], { stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: `${box}:${process.env.PATH ?? ''}` } });
    child.stdin.end(String(stdin));
    const ended = once(child, 'close');
    for (let i = 0; i < 200 && readdirSync(records).length === 0; i += 1) await sleep(20);
    expect(readdirSync(records)).toHaveLength(1);
    child.kill('SIGTERM');
    await ended;
    expect(readdirSync(records)).toEqual([]);
    for (const [name, hours] of [['old', 2], ['new', 0]] as const) {
      const left = join(root, 'records', `.seatrial-speed-${name}`);
      mkdirSync(left);
      writeFileSync(join(left, 'data'), 'x');
      const time = Date.now() / 1000 - hours * 3600;
      utimesSync(left, time, time);
    }
    measure('dash');
    expect(readdirSync(join(root, 'records'))).toEqual(['.seatrial-speed-new']);
  });
});

describe('what a probe printed', () => {
  it('counts only where it came to its end, and where it is a number', () => {
    expect(parseSpeeds('gzip\t12.5\n')).toBeUndefined();
    expect(parseSpeeds(`gzip\t12.5\nsha256\t0.00\nwrite\tNaN\nread\t-1\nfsync\t1e999
skipped\tread\t\u001B[31mno
place\t/var/tmp\nother\t1\ncomplete\tyes\n`)).toEqual({ measured: { gzip: 12.5 },
      place: '/var/tmp', skipped: [{ name: 'read', why: '[31mno' }] });
  });
});
